"""Networks on graphs whose nodes are channels, in the terms of a survey of them.

Liu et al. 2024, "Graph neural networks in EEG-based emotion recognition: a survey",
arXiv:2402.01138: what a node carries (`nodes`), what an edge weighs (`edges`: given by the data or
learned with the network), and how many graphs there are (one, several side by side, or channels
below regions). `dgcnn` takes each of these by name; `geometric` builds on curvature (`ricci`).
"""
