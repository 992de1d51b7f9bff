/* An empty module, for tools that import whatever they find; the kernels are called through ctypes.
 * Where Python's headers are not installed, the library is built without it. */
#if defined(__has_include)
#if __has_include(<Python.h>)
#include <Python.h>

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_kernels", .m_size = 0};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModule_Create(&definition); }
#endif
#endif
