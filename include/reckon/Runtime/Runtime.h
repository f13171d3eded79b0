//===- Runtime.h - The C interface of the runtime -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// An engine is immutable and may be used from any thread. A context belongs to one engine and runs one thing at a time:
// give each thread its own. Shapes are in elements, sizes in bytes, layouts row-major without gaps.
//
// A struct of options begins with its own size, which the caller sets (the RECKON_..._INIT macros do), so that later
// versions can add fields at its end: fields that the caller's struct is too short for have the value of the macro.
// Fields past what the library knows must be zero. Fields are added in steps of 8 bytes, never into padding.
//
// Functions that can fail return a ReckonStatus; reckon_last_error() then says why, in the model's names. No function
// throws, aborts or prints.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_RUNTIME_H
#define RECKON_RUNTIME_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define RECKON_API __attribute__((visibility("default")))
#else
#define RECKON_API
#endif
// Any int may arrive from C, and is refused rather than undefined in C++.
#ifdef __cplusplus
#define RECKON_INT_ENUM : int
#else
#define RECKON_INT_ENUM
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// The tools exit with these numbers; 1 is theirs, for a result that does not match.
typedef enum ReckonStatus RECKON_INT_ENUM {
  RECKON_OK = 0,
  RECKON_INVALID = 2,     // wrong use or wrong data: a damaged engine, a wrong shape, an id out of range
  RECKON_UNSUPPORTED = 3, // an engine of another format version, or without code for the device
  RECKON_UNAVAILABLE = 4, // the machine lacks something: memory, a CPU feature, the device
  RECKON_INTERNAL = 5,  // a kernel of an engine compiled with --check-kernels left its memory: a fault of the compiler
  RECKON_CANCELLED = 6, // reckon_cancel() ended the run
  RECKON_DEADLINE = 7,  // the run did not end in the time it was given
} ReckonStatus;

typedef enum ReckonElementType RECKON_INT_ENUM {
  RECKON_F32 = 0,
  RECKON_F16,
  RECKON_BF16,
  RECKON_F64,
  RECKON_I8,
  RECKON_I16,
  RECKON_I32,
  RECKON_I64,
  RECKON_U8,
  RECKON_U16,
  RECKON_U32,
  RECKON_U64,
  RECKON_BOOL,
} ReckonElementType;

typedef struct ReckonEngine ReckonEngine;
typedef struct ReckonContext ReckonContext;

/// Why the last call of this thread that failed did. Valid until the next failure in this thread; never null.
RECKON_API const char *reckon_last_error(void);

/// The same in parts. The texts are valid as long.
typedef struct ReckonErrorInfo {
  size_t struct_size;
  int64_t code; // a ReckonStatus; RECKON_OK when nothing has failed
  const char *message;
  const char *location; // what it is about, such as "input 'ids'"; empty for the call as a whole
} ReckonErrorInfo;
#define RECKON_ERROR_INFO_INIT {sizeof(ReckonErrorInfo), RECKON_OK, NULL, NULL}
RECKON_API ReckonStatus reckon_last_error_info(ReckonErrorInfo *info);
/// "invalid", "deadline", ...; "?" for a number that is no status.
RECKON_API const char *reckon_status_name(ReckonStatus status);

typedef enum ReckonLogLevel RECKON_INT_ENUM {
  RECKON_LOG_ERROR = 0, // a call failed
  RECKON_LOG_WARNING,
  RECKON_LOG_INFO, // an engine was opened, a context created, an update committed
} ReckonLogLevel;
typedef void (*ReckonLogCallback)(void *user, ReckonLogLevel level, const char *message);
/// From now on messages of this level and the more urgent ones go to `callback`, from any thread and from several at a
/// time; to nobody when it is null, which is so at first. When this returns, the callback before is not under way. The
/// callback may call the library; what it does is not logged, and a call of this function in it does nothing.
RECKON_API void reckon_set_log(ReckonLogCallback callback, void *user, ReckonLogLevel most);
/// "reckon 0.1.0"
RECKON_API const char *reckon_version(void);
/// Bytes of one element; 0 for a number that is no type.
RECKON_API size_t reckon_element_size(ReckonElementType type);
/// "f32", "i64", ...; "?" for a number that is no type.
RECKON_API const char *reckon_element_name(ReckonElementType type);

//===-- Engines ---------------------------------------------------------------===//

typedef enum ReckonTableSource RECKON_INT_ENUM {
  RECKON_TABLE_DEFAULT = 0, // as the engine says: its own section, or the external file it names
  RECKON_TABLE_FILE,        // `path` from `offset` on, mapped; relative to the working directory
  RECKON_TABLE_MEMORY,      // `data`, which must outlive the engine
  RECKON_TABLE_SYNTHETIC,   // `rows` rows of numbers made from `seed`: for benchmarks
} ReckonTableSource;

/// Where the rows of a table come from. The rows are a property of the binding, not of the compiled code.
typedef struct ReckonTableBinding {
  size_t struct_size; // of this struct, the same in all elements of an array
  const char *table;  // ONNX name; null: every table not named by another binding
  ReckonTableSource source;
  const char *path;
  uint64_t offset;
  const void *data; // aligned to its element, where rows are plain
  int64_t rows;     // for a file, 0 means as many as it holds
  uint64_t seed;
} ReckonTableBinding;
#define RECKON_TABLE_BINDING_INIT {sizeof(ReckonTableBinding), NULL, RECKON_TABLE_DEFAULT, NULL, 0, NULL, 0, 0}

/// Opens an engine file, checking all of it but the rows of tables from 1 MiB on, which are checked when a run first
/// reads them: the run fails with RECKON_INVALID when they are damaged. "shm:NAME" is the shared-memory object "/NAME".
/// `bindings` may be null when `num_bindings` is 0.
RECKON_API ReckonStatus reckon_engine_open(const char *path, const ReckonTableBinding *bindings, size_t num_bindings,
                                           ReckonEngine **engine);
/// The same from memory, which must outlive the engine. Used in place when 64-byte aligned, copied otherwise.
RECKON_API ReckonStatus reckon_engine_open_from_memory(const void *data, size_t size,
                                                       const ReckonTableBinding *bindings, size_t num_bindings,
                                                       ReckonEngine **engine);
/// The same from a POSIX shared-memory object, such as "/model".
RECKON_API ReckonStatus reckon_engine_open_from_shared_memory(const char *name, const ReckonTableBinding *bindings,
                                                              size_t num_bindings, ReckonEngine **engine);

/// Where the tables lie on a device with memory of its own.
typedef enum ReckonDeviceTables RECKON_INT_ENUM {
  RECKON_DEVICE_TABLES_OWN = 0, // in memory of this process
  RECKON_DEVICE_TABLES_SHARED,  // once for all processes of this user that ask for it and have the same rows; where
                                // that does not go, no context is created
  RECKON_DEVICE_TABLES_SHARED_OR_OWN, // the same, but in memory of this process where that does not go
} ReckonDeviceTables;

/// How tables of 1 MiB and more lie in the host's memory; the numbers add up. Other than in place they are copied to
/// memory of this process, and checked, when the first context on the host is created, or before, by
/// reckon_engine_warm_up(); rows that the caller has in memory stay there. Where the system refuses it nothing is
/// opened (RECKON_UNAVAILABLE). Where it has fewer huge pages than there are rows the log has a warning.
typedef enum ReckonHostTables RECKON_INT_ENUM {
  RECKON_HOST_TABLES_IN_PLACE = 0,    // pages of the file or of the shared memory, which processes share
  RECKON_HOST_TABLES_HUGE_PAGES = 1,  // transparent ones
  RECKON_HOST_TABLES_INTERLEAVED = 2, // a page on each NUMA node in turn
} ReckonHostTables;

typedef struct ReckonOpenOptions {
  size_t struct_size;                 // of this struct
  const ReckonTableBinding *bindings; // may be null when `num_bindings` is 0
  size_t num_bindings;
  const uint8_t *public_key; // 32 bytes, Ed25519: what is not signed by it is refused (RECKON_INVALID), the engine,
                             // rows of it that a run reads, its update logs, and tables that the engine takes from a
                             // file of their own; null: nothing has to be signed. RECKON_UNAVAILABLE without libsodium
  ReckonDeviceTables device_tables;
  int64_t host_tables; // a sum of ReckonHostTables
  int64_t
      scrub_bytes_per_second; // a thread of the engine's checks the rows that have not been, so many bytes a second,
                              // where no CPU is wanted for something else; what is damaged goes to the log. 0: none
} ReckonOpenOptions;
#define RECKON_OPEN_OPTIONS_INIT                                                                                       \
  {sizeof(ReckonOpenOptions), NULL, 0, NULL, RECKON_DEVICE_TABLES_OWN, RECKON_HOST_TABLES_IN_PLACE, 0}
/// The same with options.
RECKON_API ReckonStatus reckon_engine_open_with_options(const char *path, const ReckonOpenOptions *options,
                                                        ReckonEngine **engine);
RECKON_API ReckonStatus reckon_engine_open_from_memory_with_options(const void *data, size_t size,
                                                                    const ReckonOpenOptions *options,
                                                                    ReckonEngine **engine);
/// Checks the rows that have not been, at once; scrub_bytes_per_second does it in the background.
RECKON_API ReckonStatus reckon_engine_verify(const ReckonEngine *engine);

/// Rows of a table that runs read often.
typedef struct ReckonHotRows {
  size_t struct_size; // of this struct, the same in all elements of an array
  const char *table;
  const int64_t *ids; // the most wanted one first
  size_t count;
} ReckonHotRows;
#define RECKON_HOT_ROWS_INIT {sizeof(ReckonHotRows), NULL, NULL, 0}
/// Gets the bytes that have been read, and those to be read; other than 0 ends it with RECKON_CANCELLED.
typedef int (*ReckonProgressCallback)(void *user, uint64_t done, uint64_t total);
typedef struct ReckonWarmUpOptions {
  size_t struct_size;
  const ReckonHotRows *hot_rows; // first, in this order; may be null when `num_hot_rows` is 0
  size_t num_hot_rows;
  int64_t all_rows;                // other than 0: then all rows of all tables
  ReckonProgressCallback progress; // called by this thread, every 8 MiB and at the end; may be null
  void *user;
} ReckonWarmUpOptions;
#define RECKON_WARM_UP_OPTIONS_INIT {sizeof(ReckonWarmUpOptions), NULL, 0, 1, NULL, NULL}
/// Reads rows into memory and checks those that have not been, while others may run: first runs then wait neither for a
/// disk nor for checksums. It has to end before the engine is closed. Null `options` is all rows.
RECKON_API ReckonStatus reckon_engine_warm_up(const ReckonEngine *engine, const ReckonWarmUpOptions *options);
/// Contexts created from it stay valid. Null is allowed.
RECKON_API void reckon_engine_close(ReckonEngine *engine);

/// Strings and arrays belong to the engine.
typedef struct ReckonTensorInfo {
  const char *name;
  ReckonElementType type;
  size_t rank;
  const char *const *shape; // one size expression per axis, such as "batch" or "26"
} ReckonTensorInfo;

typedef struct ReckonTableInfo {
  const char *name;
  ReckonElementType type; // of the elements that a lookup gives
  int64_t rows;
  int64_t dim;
  const char *encoding; // "plain": rows of `dim` elements of the type; others are described in docs/engine-format.md
  int64_t row_bytes;
} ReckonTableInfo;

/// A kernel of the engine, of the code for any device.
typedef struct ReckonKernelInfo {
  size_t struct_size;       // of this struct
  const char *device;       // "host" or "cuda"
  const char *target;       // the CPU or GPU that the code is for, such as "x86-64-v3" or "sm_90a"
  const char *name;         // its symbol
  const char *kind;         // "gemm", "rows", ...: for people
  const char *const *nodes; // the ONNX nodes it came from
  size_t num_nodes;
} ReckonKernelInfo;
#define RECKON_KERNEL_INFO_INIT {sizeof(ReckonKernelInfo), NULL, NULL, NULL, NULL, NULL, 0}

RECKON_API size_t reckon_engine_num_inputs(const ReckonEngine *engine);
RECKON_API size_t reckon_engine_num_outputs(const ReckonEngine *engine);
RECKON_API size_t reckon_engine_num_tables(const ReckonEngine *engine);
RECKON_API size_t reckon_engine_num_dims(const ReckonEngine *engine);
RECKON_API size_t reckon_engine_num_kernels(const ReckonEngine *engine);
/// These fail with RECKON_INVALID when `index` is too large.
RECKON_API ReckonStatus reckon_engine_input(const ReckonEngine *engine, size_t index, ReckonTensorInfo *info);
RECKON_API ReckonStatus reckon_engine_output(const ReckonEngine *engine, size_t index, ReckonTensorInfo *info);
RECKON_API ReckonStatus reckon_engine_table(const ReckonEngine *engine, size_t index, ReckonTableInfo *info);
/// The struct's size must be set.
RECKON_API ReckonStatus reckon_engine_kernel(const ReckonEngine *engine, size_t index, ReckonKernelInfo *info);
/// The name of a dimension; null when `index` is too large.
RECKON_API const char *reckon_engine_dim(const ReckonEngine *engine, size_t index);

//===-- Contexts --------------------------------------------------------------===//

typedef struct ReckonContextOptions {
  size_t struct_size; // of this struct
  int threads;        // threads that work on one run, the caller included; 0: as many as there are CPUs. All but the
                      // caller are shared by the engine's contexts, whose runs work on as many CPUs together as there
                      // are, or as the largest number here. On a GPU up to 8 copy large inputs and outputs that are
                      // not page-locked
  const char *device; // "host", "cuda" (the first GPU) or "cuda:N"; null: "host"
  int spin_us;        // how long idle threads spin before they sleep; negative: 100
  int graph_cache;    // batch sizes whose graphs a context on a GPU keeps; 0: 16
} ReckonContextOptions;
#define RECKON_CONTEXT_OPTIONS_INIT {sizeof(ReckonContextOptions), 0, NULL, -1, 0}

/// `options` may be null.
RECKON_API ReckonStatus reckon_context_create(ReckonEngine *engine, const ReckonContextOptions *options,
                                              ReckonContext **context);
/// Null is allowed.
RECKON_API void reckon_context_destroy(ReckonContext *context);

/// Binds an input until it is bound again. `data` is read during reckon_run() and needs only the alignment of its
/// element. The type and the rank must be the input's; sizes are checked when all inputs are known.
RECKON_API ReckonStatus reckon_set_input(ReckonContext *context, size_t index, ReckonElementType type, size_t rank,
                                         const int64_t *shape, const void *data);
RECKON_API ReckonStatus reckon_set_input_by_name(ReckonContext *context, const char *name, ReckonElementType type,
                                                 size_t rank, const int64_t *shape, const void *data);
/// What reckon_set_inputs() binds an input to.
typedef struct ReckonInput {
  size_t struct_size; // of this struct, the same in all elements of an array
  ReckonElementType type;
  size_t rank;
  const int64_t *shape; // `rank` sizes, read during the call
  const void *data;     // read during reckon_run()
} ReckonInput;
#define RECKON_INPUT_INIT {sizeof(ReckonInput), RECKON_F32, 0, NULL, NULL}

/// Binds the first `num_inputs` inputs in their order, as that many calls of reckon_set_input() do, in less time. After
/// a failure those before the one that is named are bound.
RECKON_API ReckonStatus reckon_set_inputs(ReckonContext *context, const ReckonInput *inputs, size_t num_inputs);
/// Binds memory for an output until it is bound again; null `data` gives it back to the context, which owns the memory
/// of outputs that nobody bound.
RECKON_API ReckonStatus reckon_set_output(ReckonContext *context, size_t index, ReckonElementType type, void *data,
                                          size_t capacity_bytes);
RECKON_API ReckonStatus reckon_set_output_by_name(ReckonContext *context, const char *name, ReckonElementType type,
                                                  void *data, size_t capacity_bytes);

/// Solves the dimensions from the bound inputs and makes everything ready for them. reckon_run() does this when needed;
/// call it to learn the output shapes before a run.
RECKON_API ReckonStatus reckon_prepare(ReckonContext *context);
RECKON_API ReckonStatus reckon_run(ReckonContext *context);

typedef struct ReckonRunOptions {
  size_t struct_size;
  int64_t timeout_us; // from the call on; 0: no limit
} ReckonRunOptions;
#define RECKON_RUN_OPTIONS_INIT {sizeof(ReckonRunOptions), 0}
/// A run that ends with RECKON_DEADLINE when its time is over, and with RECKON_CANCELLED when it is cancelled; its
/// outputs are undefined then. On the host that is looked at between kernels. On a GPU it is before the launch;
/// afterwards the wait ends, and the context's next run waits for what is still under way, which writes outputs that
/// are page-locked or on the device: reckon_synchronize() waits for it, too. Null `options` is reckon_run().
RECKON_API ReckonStatus reckon_run_with_options(ReckonContext *context, const ReckonRunOptions *options);
/// Ends the run of the context that is under way, if there is one, also one that waits for a CPU. From any thread,
/// which must know that the context is not being destroyed. On a GPU a run without options is ended before its launch
/// only.
RECKON_API ReckonStatus reckon_cancel(ReckonContext *context);

/// After reckon_prepare() the shape is known, after reckon_run() the data. Valid until the next call on the context.
typedef struct ReckonTensor {
  ReckonElementType type;
  size_t rank;
  const int64_t *shape;
  const void *data;
  size_t bytes;
} ReckonTensor;
RECKON_API ReckonStatus reckon_output(const ReckonContext *context, size_t index, ReckonTensor *tensor);
/// The value of a dimension after reckon_prepare(); -1 before, and when `index` is too large.
RECKON_API int64_t reckon_dim_value(const ReckonContext *context, size_t index);

//===-- Page-locked host memory -----------------------------------------------===//
//
// A GPU copies from and to page-locked host memory on its own, at the speed of the bus; other memory has to be copied
// by the CPU first. Every run looks whether the memory of a large input or output (from 64 KiB on) is page-locked,
// whoever has seen to that: these functions, cudaHostAlloc(), cudaHostRegister(), torch's pin_memory(). All of the
// tensor must lie in one such block, which must stay what it is until the run has ended.

/// Memory for tensors of contexts on `device` ("cuda", "cuda:N"; the other GPUs of the machine may use it, too). On
/// "host", which needs nothing of the kind, it is ordinary memory. Aligned to 64 bytes, undefined; never null after
/// success. Fails with RECKON_UNAVAILABLE when there is no memory or no device. It takes milliseconds: allocate once.
RECKON_API ReckonStatus reckon_host_alloc(const char *device, size_t bytes, void **data);
/// Gives it back; no run may be using it. Null is allowed, any other address is RECKON_INVALID.
RECKON_API ReckonStatus reckon_host_free(void *data);
/// Makes memory of the caller's page-locked, until it is unregistered, which must come before it is freed. What was
/// page-locked before is refused by the driver (RECKON_UNAVAILABLE).
RECKON_API ReckonStatus reckon_host_register(const char *device, void *data, size_t bytes);
RECKON_API ReckonStatus reckon_host_unregister(void *data);

//===-- Device memory ---------------------------------------------------------===//
//
// For contexts on a GPU whose caller has its tensors there. Memory and streams are those of the GPU's primary context,
// which the CUDA runtime and the frameworks on it use. On other devices these functions, but for runs that are started
// and waited for, fail with RECKON_INVALID.

/// As reckon_set_input(), with an address on the context's GPU that needs only the alignment of its element.
RECKON_API ReckonStatus reckon_set_device_input(ReckonContext *context, size_t index, ReckonElementType type,
                                                size_t rank, const int64_t *shape, const void *device_pointer);
/// As reckon_set_output(). reckon_output() gives the same address back.
RECKON_API ReckonStatus reckon_set_device_output(ReckonContext *context, size_t index, ReckonElementType type,
                                                 void *device_pointer, size_t capacity_bytes);

/// Starts a run and returns.
///
/// On a GPU it is enqueued on a stream (a CUstream; null: CUDA's default stream). Every input and output must be bound
/// to device memory. For a batch size seen before it neither takes memory nor waits. Runs of one context follow each
/// other also when they are on different streams, since they share its memory. reckon_run() takes device memory too,
/// and what is in it must then be there already.
///
/// On a stream that the caller is capturing the run becomes part of the caller's graph, with the addresses and shapes
/// bound now; nothing runs. The context, and the memory bound, must outlive the last replay. A replay counts as a run
/// of the context that the context does not know of: the caller orders replays among themselves and with other runs,
/// and waits for them.
///
/// On the host the stream is null and a thread of the engine's runs it. Until reckon_synchronize() the context takes no
/// other calls but reckon_cancel(), and the memory bound must stay as it is.
RECKON_API ReckonStatus reckon_run_async(ReckonContext *context, void *cuda_stream);
/// The same with options. On a GPU the time limit is that of reckon_synchronize(), which may be called again.
RECKON_API ReckonStatus reckon_run_async_with_options(ReckonContext *context, void *cuda_stream,
                                                      const ReckonRunOptions *options);
/// Waits for the runs started so far, but not for replays of captured ones. Fails when one of them, or a replay that
/// has ended, did; which run it was is not known.
RECKON_API ReckonStatus reckon_synchronize(ReckonContext *context);

/// Milliseconds of the last run that was waited for: the host's time to enqueue the kernels, then, on the GPU's clock,
/// the copies in, the kernels and the copies out. A run on a stream has no copies.
typedef struct ReckonRunTimes {
  double enqueue_ms, h2d_ms, compute_ms, d2h_ms;
} ReckonRunTimes;
/// Whether runs are timed from now on; each then takes some microseconds longer.
RECKON_API ReckonStatus reckon_set_profiling(ReckonContext *context, int on);
/// Zeros when nothing was timed.
RECKON_API ReckonStatus reckon_run_times(const ReckonContext *context, ReckonRunTimes *times);

//===-- Profiles --------------------------------------------------------------===//
//
// What each kernel of a run takes. Kernels are called dispatches where they run: a kernel may have several.

/// A profiled run as a whole.
typedef struct ReckonProfile {
  size_t struct_size;    // of this struct
  double total_us;       // host: of the run; GPU: of its kernels
  size_t num_dispatches; // of the engine's program for the device, in order; those that did not run have busy_us 0
  size_t num_events;     // pieces of work, by the time they began
} ReckonProfile;
#define RECKON_PROFILE_INIT {sizeof(ReckonProfile), 0, 0, 0}

/// Strings belong to the engine and to the context, until its next profile.
typedef struct ReckonDispatchProfile {
  size_t struct_size;       // of this struct
  const char *kernel;       // the symbol of what ran, or the name of the library that did
  const char *kind;         // "gemm", "rows", ...: for people
  const char *const *nodes; // the ONNX nodes it came from
  size_t num_nodes;
  double busy_us;    // its time, of all threads together
  int64_t rows;      // that it worked on
  int64_t flops;     // the compiler's count of operations in this run; -1: not known
  int64_t bytes;     // that it cannot but read and write, likewise
  int64_t registers; // of a thread of the kernel on a GPU; 0: not known
} ReckonDispatchProfile;
#define RECKON_DISPATCH_PROFILE_INIT {sizeof(ReckonDispatchProfile), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0}

/// A piece of a dispatch that a thread worked on without a pause.
typedef struct ReckonProfileEvent {
  size_t struct_size; // of this struct
  size_t dispatch;
  size_t thread;              // 0: the caller, and on a GPU all
  double begin_us, end_us;    // since the run began; on a GPU since its first kernel did
  int64_t first_row, end_row; // [first_row, end_row)
} ReckonProfileEvent;
#define RECKON_PROFILE_EVENT_INIT {sizeof(ReckonProfileEvent), 0, 0, 0, 0, 0, 0}

/// Runs once, as reckon_run() does, and takes the time of each kernel. On a GPU they run one after another, so that
/// what else overlaps shows in none. `profile` may be null.
RECKON_API ReckonStatus reckon_profile(ReckonContext *context, ReckonProfile *profile);
/// Of the last profile of the context. The struct's size must be set; RECKON_INVALID when `index` is too large.
RECKON_API ReckonStatus reckon_profile_dispatch(const ReckonContext *context, size_t index,
                                                ReckonDispatchProfile *dispatch);
RECKON_API ReckonStatus reckon_profile_event(const ReckonContext *context, size_t index, ReckonProfileEvent *event);

//===-- Updates ---------------------------------------------------------------===//
//
// Rows and weights of an engine have versions: 0 as it was opened, one more with each commit. A run reads one version
// of all tables and weights together, the newest when it begins, and never waits for an update. A version is one on all
// devices; on a stream a run begins when it is enqueued, and replays of one that was captured keep its version.

typedef struct ReckonUpdate ReckonUpdate;

/// Changes that are made together. An update belongs to one thread at a time; later changes of a row count.
RECKON_API ReckonStatus reckon_update_create(ReckonEngine *engine, ReckonUpdate **update);
/// Null is allowed.
RECKON_API void reckon_update_destroy(ReckonUpdate *update);
/// `rows` are as the table stores them (ReckonTableInfo), one after another. They are copied.
RECKON_API ReckonStatus reckon_update_rows(ReckonUpdate *update, const char *table, const int64_t *ids, size_t count,
                                           const void *rows);
/// All rows; their number stays what it is.
RECKON_API ReckonStatus reckon_update_table(ReckonUpdate *update, const char *table, size_t count, const void *rows);
/// A deleted row is one of zeros from then on, whatever the table's encoding.
RECKON_API ReckonStatus reckon_update_delete_rows(ReckonUpdate *update, const char *table, const int64_t *ids,
                                                  size_t count);
/// A weight as it is stored: reckon_engine_weight() of an engine that was compiled from another state of the model with
/// the same options has it. `weight` is its name, or "NAME [PACKING]" where programs for several devices read it in
/// several packings (ReckonWeightInfo).
RECKON_API ReckonStatus reckon_update_weight(ReckonUpdate *update, const char *weight, const void *data, size_t bytes);
/// Makes the changes the next version, whose number goes to `version` unless that is null, and empties the update.
/// Waits for the runs that read the version before the newest one, on all devices, and for a device that the engine is
/// being loaded on. When it fails nothing has changed.
RECKON_API ReckonStatus reckon_update_commit(ReckonUpdate *update, uint64_t *version);

/// The newest version.
RECKON_API uint64_t reckon_engine_version(const ReckonEngine *engine);
/// The version that the last run of the context has read.
RECKON_API ReckonStatus reckon_run_version(const ReckonContext *context, uint64_t *version);
/// Writes the newest version as an engine file, all rows in it, in the place of the file that is there: who opens the
/// path gets one or the other whole. Its versions begin at 0 again.
RECKON_API ReckonStatus reckon_engine_save(const ReckonEngine *engine, const char *path);

/// Strings and data belong to the engine.
typedef struct ReckonWeightInfo {
  size_t struct_size;
  const char *name;
  const char *packing; // how its elements lie, for people
  const void *data;    // as in the file, whatever was committed since
  size_t bytes;
} ReckonWeightInfo;
#define RECKON_WEIGHT_INFO_INIT {sizeof(ReckonWeightInfo), NULL, NULL, NULL, 0}
RECKON_API size_t reckon_engine_num_weights(const ReckonEngine *engine);
RECKON_API ReckonStatus reckon_engine_weight(const ReckonEngine *engine, size_t index, ReckonWeightInfo *info);

/// A file of updates in the order of their versions, which one process appends to and any number follow. It belongs to
/// the engine as it is on disk: that of another one is refused, and so is one with a frame too few or too many.
typedef struct ReckonUpdateLog ReckonUpdateLog;
typedef enum ReckonLogUse RECKON_INT_ENUM {
  RECKON_LOG_FOLLOW = 0,
  RECKON_LOG_APPEND, // the file is made when it is not there; a frame that was not finished is cut off
} ReckonLogUse;
RECKON_API ReckonStatus reckon_update_log_open(ReckonEngine *engine, const char *path, ReckonLogUse use,
                                               ReckonUpdateLog **log);
/// Null is allowed.
RECKON_API void reckon_update_log_close(ReckonUpdateLog *log);
/// Appends an update as the next version and empties it. The engine stays as it is. With `sync` the update is on the
/// disk when this returns.
RECKON_API ReckonStatus reckon_update_log_append(ReckonUpdateLog *log, ReckonUpdate *update, int sync);
/// Commits the updates that have been appended since, at most `most` unless that is 0. `applied`, unless it is null,
/// becomes their number, also when a later one is refused.
RECKON_API ReckonStatus reckon_update_log_apply(ReckonUpdateLog *log, uint64_t most, uint64_t *applied);

//===-- Counters --------------------------------------------------------------===//

/// Of all contexts of an engine since it was opened. Runs on streams count when they are enqueued, replays of captured
/// ones do not.
typedef struct ReckonCounters {
  size_t struct_size;
  uint64_t runs;           // that went well
  uint64_t rows_looked_up; // as many as ids were given
  uint64_t table_bytes;    // of those rows
  uint64_t input_bytes, output_bytes;
  uint64_t failed_invalid, failed_unsupported, failed_unavailable, failed_internal, cancelled, deadline_exceeded;
  uint64_t waits;   // runs that waited for others to leave a CPU
  uint64_t wait_ns; // and for how long together
  uint64_t version; // the newest
  uint64_t commits, rows_updated;
  uint64_t commit_wait_ns;  // that commits waited for runs
  uint64_t run_retries;     // that runs took up a version while a commit ended, each some nanoseconds
  uint64_t unchecked_bytes; // of rows that nobody has checked yet
} ReckonCounters;
#define RECKON_COUNTERS_INIT {sizeof(ReckonCounters), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
RECKON_API ReckonStatus reckon_engine_counters(const ReckonEngine *engine, ReckonCounters *counters);
/// The same in the text format of Prometheus, with the label engine="NAME" unless `name` is null. Writes at most
/// `capacity` bytes, the zero at the end included, and stores in `needed` how many there are; RECKON_INVALID when they
/// are more. Null `text` with a capacity of 0 asks for the number alone, and succeeds.
RECKON_API ReckonStatus reckon_engine_metrics(const ReckonEngine *engine, const char *name, char *text, size_t capacity,
                                              size_t *needed);

#ifdef __cplusplus
}
#endif

#endif // RECKON_RUNTIME_RUNTIME_H
