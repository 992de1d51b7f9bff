"""The few inner loops in C, and how they are found: nothing here decides what is computed.

One optional library, built at install where a C compiler is. It holds every kernel once for each
form (SSE2, AVX2, AVX-512); the processor's widest is taken at load. Beside each call of a kernel
stands its twin in NumPy or SciPy, which defines the result and takes over where there is no
library. This room knows arrays only.
"""
