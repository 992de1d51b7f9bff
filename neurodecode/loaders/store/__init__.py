"""The epoch store: trials cut once from files, kept on disk, opened by what decides them.

`epoch_store` keeps folders of epochs under their key and within a size, `keys` says what decides
a cut, `zarr_files` takes epochs to and from object storage.
"""
