/* Python with a sanitizer's runtime in the program, where it has to be for modules that are built with it. */
#include <Python.h>

int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }
