"""Networks in a form that trains faster and computes the same, one family a file.

A form shares parameters, buffers and layers with its textbook module, which stays the definition:
what one learns the other has. This folder knows modules and tensors; it knows no loop.
"""
