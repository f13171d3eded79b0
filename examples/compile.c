/* compile.c: compiles a model through the C API, with progress, and writes the engine.
 *   cc compile.c $(pkg-config --cflags --libs reckon-compiler) -o compile && ./compile dlrm.onnx dlrm.rkn precision=fp32
 */
#include "reckon/Compiler/CompilerC.h"

#include <stdio.h>
#include <string.h>

static void show_phase(void *user, const char *phase, size_t index, size_t count) {
  (void)user;
  fprintf(stderr, "[%d/%d] %s\n", (int)index + 1, (int)count, phase);
}

static void show_diagnostic(void *user, const ReckonDiagnostic *diagnostic) {
  static const char *const severities[] = {"error", "warning", "remark", "note"};
  (void)user;
  fprintf(stderr, "%s: %s: %s\n", severities[diagnostic->severity], diagnostic->location, diagnostic->message);
}

int main(int argc, char **argv) {
  ReckonCompilerOption options[16];
  ReckonCompilerCallbacks callbacks = RECKON_COMPILER_CALLBACKS_INIT;
  ReckonCompilation *compilation = NULL;
  ReckonCompilerStatus status;
  size_t num_options = 0, size;
  FILE *file;

  if (argc < 3 || argc > 3 + 16) {
    fprintf(stderr, "usage: compile MODEL.onnx ENGINE.rkn [OPTION=VALUE ...]\n");
    return 2;
  }
  /* Options have the names of reckon-compile's. */
  for (int i = 3; i < argc; ++i) {
    char *value = strchr(argv[i], '=');
    if (value)
      *value++ = '\0';
    options[num_options].name = argv[i];
    options[num_options++].value = value;
  }
  callbacks.progress = show_phase;
  callbacks.diagnostic = show_diagnostic;
  status = reckon_compile_file(argv[1], options, num_options, &callbacks, &compilation);
  if (status != RECKON_COMPILER_OK) {
    fprintf(stderr, "compile: %s\n", reckon_compiler_last_error());
    reckon_compilation_destroy(compilation);
    return (int)status;
  }
  const void *engine = reckon_compilation_engine(compilation, &size);
  file = fopen(argv[2], "wb");
  if (!file || fwrite(engine, 1, size, file) != size || fclose(file) != 0) {
    perror(argv[2]);
    return 4;
  }
  reckon_compilation_destroy(compilation);
  return 0;
}
