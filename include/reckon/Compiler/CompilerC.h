//===- CompilerC.h - The C interface of the compiler ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Compiles ONNX models to engines, which reckon/Runtime/Runtime.h runs. Link libreckon-compiler.so.
//
// Options are those of reckon-compile, by the same names: reckon_compiler_option() lists them. Every function may be
// called from any thread, and several compilations may run at a time. No function throws, aborts or prints, but for
// what an option such as `timing` prints by its nature.
//
// Structs with a `struct_size` may grow at their end: the caller sets it (the RECKON_..._INIT macros do).
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_COMPILER_COMPILERC_H
#define RECKON_COMPILER_COMPILERC_H

#include <stddef.h>

#if defined(__GNUC__)
#define RECKON_COMPILER_API __attribute__((visibility("default")))
#else
#define RECKON_COMPILER_API
#endif
// Any int may arrive from C, and is refused rather than undefined in C++.
#ifdef __cplusplus
#define RECKON_COMPILER_INT_ENUM : int
#else
#define RECKON_COMPILER_INT_ENUM
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// How a compilation ended; the numbers are the exit codes of reckon-compile, which has no cancelling.
typedef enum ReckonCompilerStatus RECKON_COMPILER_INT_ENUM {
  RECKON_COMPILER_OK = 0,
  RECKON_COMPILER_MISMATCH = 1,    ///< with `verify`: the engine's outputs differ from the reference
  RECKON_COMPILER_INVALID = 2,     ///< a file, an option or an argument is not what it must be
  RECKON_COMPILER_UNSUPPORTED = 3, ///< a valid model that the compiler has no code for
  RECKON_COMPILER_UNAVAILABLE = 4, ///< the machine lacks something: memory, a linker, a writable disk
  RECKON_COMPILER_CANCELLED = 6,   ///< ReckonCompilerCallbacks::is_cancelled said so
} ReckonCompilerStatus;

typedef enum ReckonSeverity RECKON_COMPILER_INT_ENUM {
  RECKON_ERROR = 0,
  RECKON_WARNING,
  RECKON_REMARK,
  RECKON_NOTE, ///< belongs to the diagnostic before it
} ReckonSeverity;

/// Valid during the call that passes it.
typedef struct ReckonDiagnostic {
  ReckonSeverity severity;
  const char *location; ///< the ONNX nodes, or the file and the place in it; "" when nothing is known
  const char *message;
} ReckonDiagnostic;

/// An option of a compilation: `name` as reckon-compile's without dashes, "precision"; `value` as there. A flag has the
/// value "true" or "false"; null means "true". An option that may be repeated is given several times.
typedef struct ReckonCompilerOption {
  const char *name;
  const char *value;
} ReckonCompilerOption;

/// What is told while a model is compiled, on the thread that compiles. Each may be null; `user` is passed to all.
typedef struct ReckonCompilerCallbacks {
  size_t struct_size; ///< of this struct
  void *user;
  void (*diagnostic)(void *user, const ReckonDiagnostic *diagnostic);
  /// Phase `index` of `count` begins.
  void (*progress)(void *user, const char *phase, size_t index, size_t count);
  /// Asked before each phase: other than 0 ends the compilation.
  int (*is_cancelled)(void *user);
} ReckonCompilerCallbacks;
#define RECKON_COMPILER_CALLBACKS_INIT {sizeof(ReckonCompilerCallbacks), NULL, NULL, NULL, NULL}

/// An engine in memory.
typedef struct ReckonCompilation ReckonCompilation;

/// Compiles the ONNX model in the file `path`, whose external data lies beside it.
/// \param options    `num_options` of them; may be null when there are none
/// \param callbacks  may be null
/// \param result     the engine when the status is RECKON_COMPILER_OK or RECKON_COMPILER_MISMATCH, else null
RECKON_COMPILER_API ReckonCompilerStatus reckon_compile_file(const char *path, const ReckonCompilerOption *options,
                                                             size_t num_options,
                                                             const ReckonCompilerCallbacks *callbacks,
                                                             ReckonCompilation **result);
/// The same for a serialized ModelProto of `size` bytes, which is not kept. External data is refused: there is no
/// folder to find it in. `name` stands for the file in diagnostics; null: "model".
RECKON_COMPILER_API ReckonCompilerStatus reckon_compile_buffer(const void *data, size_t size, const char *name,
                                                               const ReckonCompilerOption *options, size_t num_options,
                                                               const ReckonCompilerCallbacks *callbacks,
                                                               ReckonCompilation **result);
/// The engine's bytes, aligned to 16, which live as long as the compilation: for a file of their own or for
/// reckon_engine_open_from_memory().
RECKON_COMPILER_API const void *reckon_compilation_engine(const ReckonCompilation *compilation, size_t *size);
/// Frees the compilation and its engine's bytes; null is allowed.
RECKON_COMPILER_API void reckon_compilation_destroy(ReckonCompilation *compilation);

/// Why the last function on this thread did not return RECKON_COMPILER_OK: its first error, with where it is; "" after
/// a success. Valid until the next call on this thread.
RECKON_COMPILER_API const char *reckon_compiler_last_error(void);
/// "reckon 0.1.0".
RECKON_COMPILER_API const char *reckon_compiler_version(void);

/// What reckon-compile --help says of an option. All texts live as long as the library.
typedef struct ReckonCompilerOptionInfo {
  const char *name;
  const char *metavar; ///< what a value is called; null for a flag
  const char *help;
  int repeats; ///< whether it may be given several times
} ReckonCompilerOptionInfo;
RECKON_COMPILER_API size_t reckon_compiler_num_options(void);
/// RECKON_COMPILER_INVALID when there is no option `index`.
RECKON_COMPILER_API ReckonCompilerStatus reckon_compiler_option(size_t index, ReckonCompilerOptionInfo *info);

#ifdef __cplusplus
}
#endif

#endif // RECKON_COMPILER_COMPILERC_H
