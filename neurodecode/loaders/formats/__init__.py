"""Formats: from files on disk to a `Recording`, one file a family of formats.

`mne_files` chooses MNE's reader for a path, `mne_raw` turns what it gives into our nouns,
`event_files` reads events that lie apart. Nothing here cuts, filters or downloads.
"""
