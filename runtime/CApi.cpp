//===- CApi.cpp - The C interface -----------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CApiSupport.h"
#include "HostBlocks.h"
#include "Log.h"

using namespace reckon;
using namespace reckon::runtime;

#define RECKON_SAME_TYPE(ID, SCHEMA, TEXT, C, BYTES)                                                                   \
  static_assert(static_cast<int>(ElementType::ID) == (C), "the C interface has another order");
RECKON_ELEMENT_TYPES(RECKON_SAME_TYPE)
#undef RECKON_SAME_TYPE
static_assert(RECKON_OK == int(ExitOk) && RECKON_INVALID == int(ExitUsage) &&
                  RECKON_UNSUPPORTED == int(ExitUnsupported) && RECKON_UNAVAILABLE == int(ExitUnavailable) &&
                  RECKON_INTERNAL == int(ExitInternal),
              "tools exit with statuses");

extern "C" {

const char *reckon_version(void) { return "reckon " RECKON_VERSION; }

// Any int may come in, and an ElementType holds no more than a byte.
static bool isElementType(ReckonElementType type) { return static_cast<unsigned>(type) < numEnumerators<ElementType>; }

size_t reckon_element_size(ReckonElementType type) {
  return isElementType(type) ? elementSize(static_cast<ElementType>(type)) : 0;
}

const char *reckon_element_name(ReckonElementType type) {
  return isElementType(type) ? enumName(static_cast<ElementType>(type)) : "?";
}

} // extern "C"

//===-- Structs of options ----------------------------------------------------===//

static bool copyBindings(const ReckonTableBinding *bindings, size_t count, std::vector<ReckonTableBinding> &known,
                         Error &error) {
  known.reserve(count);
  return forEachStruct<ReckonTableBinding>("ReckonTableBinding", bindings, count, RECKON_TABLE_BINDING_INIT, error,
                                           [&](size_t, const ReckonTableBinding &binding) {
                                             known.push_back(binding);
                                             return true;
                                           });
}

//===-- Engines ---------------------------------------------------------------===//

/// `what` and, unless it is null, `name` say where it comes from. `open(signer, problem)` gives the file, or null.
template <typename Open>
static ReckonStatus openEngine(const char *what, const char *name, const ReckonOpenOptions *options,
                               ReckonEngine **engine, Open open) {
  if (!engine)
    return invalid("a null argument");
  *engine = nullptr;
  return guarded([&](Error &error) {
    std::string where = name ? std::string(what) + " '" + name + "'" : what;
    ReckonOpenOptions known = RECKON_OPEN_OPTIONS_INIT;
    if (options && !copyStruct("ReckonOpenOptions", options, known, error))
      return false;
    if (known.device_tables < RECKON_DEVICE_TABLES_OWN || known.device_tables > RECKON_DEVICE_TABLES_SHARED_OR_OWN)
      return error.set(RECKON_INVALID,
                       "ReckonOpenOptions: device_tables is " + std::to_string(static_cast<int>(known.device_tables)));
    constexpr int64_t placements = RECKON_HOST_TABLES_HUGE_PAGES | RECKON_HOST_TABLES_INTERLEAVED;
    if ((known.host_tables & ~placements) != 0)
      return error.set(RECKON_INVALID, "ReckonOpenOptions: host_tables is " + std::to_string(known.host_tables));
    if (known.scrub_bytes_per_second < 0)
      return error.set(RECKON_INVALID,
                       "ReckonOpenOptions: scrub_bytes_per_second is " + std::to_string(known.scrub_bytes_per_second));
    Placement placement = {(known.host_tables & RECKON_HOST_TABLES_HUGE_PAGES) != 0,
                           (known.host_tables & RECKON_HOST_TABLES_INTERLEAVED) != 0};
    if (known.num_bindings != 0 && !known.bindings)
      return error.set(RECKON_INVALID, "a null argument");
    std::vector<ReckonTableBinding> bindings;
    if (!copyBindings(known.bindings, known.num_bindings, bindings, error))
      return false;
    PublicKey signer;
    if (known.public_key)
      std::memcpy(signer.data(), known.public_key, signer.size());
    EngineError problem;
    std::unique_ptr<EngineFile> file = open(known.public_key ? &signer : nullptr, problem);
    if (!file)
      return error.set(static_cast<ReckonStatus>(problem.exitCode()), problem.message) || error.at(where);
    auto loaded = std::make_shared<LoadedEngine>();
    if (!loaded->load(std::move(file), bindings.data(), bindings.size(), error, known.device_tables, placement))
      return false;
    if (known.scrub_bytes_per_second != 0)
      loaded->startScrub(static_cast<uint64_t>(known.scrub_bytes_per_second));
    *engine = new ReckonEngine{std::move(loaded)};
    log(RECKON_LOG_INFO, [&] {
      const LoadedEngine &opened = *(*engine)->loaded;
      return where + " is open: " + std::to_string(opened.spec().tables.size()) + " tables, " +
             std::to_string(opened.fileSize()) + " bytes";
    });
    return true;
  });
}

extern "C" {

ReckonStatus reckon_engine_open_with_options(const char *path, const ReckonOpenOptions *options,
                                             ReckonEngine **engine) {
  if (!path)
    return invalid("the path of the engine is null");
  return openEngine("engine", path, options, engine, [&](const PublicKey *signer, EngineError &error) {
    return EngineFile::open(path, error, EngineFile::Check::AllButRows, signer);
  });
}

ReckonStatus reckon_engine_open_from_memory_with_options(const void *data, size_t size,
                                                         const ReckonOpenOptions *options, ReckonEngine **engine) {
  if (!data && size != 0)
    return invalid("the memory of the engine is null");
  return openEngine("engine in memory", nullptr, options, engine, [&](const PublicKey *signer, EngineError &error) {
    return EngineFile::fromMemory({static_cast<const uint8_t *>(data), size}, error, EngineFile::Check::AllButRows,
                                  signer);
  });
}

static ReckonOpenOptions optionsOf(const ReckonTableBinding *bindings, size_t count) {
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.bindings = bindings;
  options.num_bindings = count;
  return options;
}

ReckonStatus reckon_engine_open(const char *path, const ReckonTableBinding *bindings, size_t num_bindings,
                                ReckonEngine **engine) {
  ReckonOpenOptions options = optionsOf(bindings, num_bindings);
  return reckon_engine_open_with_options(path, &options, engine);
}

ReckonStatus reckon_engine_open_from_memory(const void *data, size_t size, const ReckonTableBinding *bindings,
                                            size_t num_bindings, ReckonEngine **engine) {
  ReckonOpenOptions options = optionsOf(bindings, num_bindings);
  return reckon_engine_open_from_memory_with_options(data, size, &options, engine);
}

ReckonStatus reckon_engine_open_from_shared_memory(const char *name, const ReckonTableBinding *bindings,
                                                   size_t num_bindings, ReckonEngine **engine) {
  if (!name)
    return invalid("the name of the shared memory is null");
  ReckonOpenOptions options = optionsOf(bindings, num_bindings);
  return openEngine("engine in shared memory", name, &options, engine,
                    [&](const PublicKey *signer, EngineError &error) {
                      return EngineFile::openSharedMemory(name, error, EngineFile::Check::AllButRows, signer);
                    });
}

void reckon_engine_close(ReckonEngine *engine) { delete engine; }

size_t reckon_engine_num_inputs(const ReckonEngine *engine) {
  return engine ? engine->loaded->spec().inputs.size() : 0;
}
size_t reckon_engine_num_outputs(const ReckonEngine *engine) {
  return engine ? engine->loaded->spec().outputs.size() : 0;
}
size_t reckon_engine_num_tables(const ReckonEngine *engine) {
  return engine ? engine->loaded->spec().tables.size() : 0;
}
size_t reckon_engine_num_kernels(const ReckonEngine *engine) { return engine ? engine->loaded->kernels.size() : 0; }
size_t reckon_engine_num_dims(const ReckonEngine *engine) { return engine ? engine->loaded->spec().dims.size() : 0; }

static ReckonStatus describe(const std::vector<TensorInfo> &tensors, const std::vector<LoadedEngine::Texts> &texts,
                             size_t index, ReckonTensorInfo *info) {
  if (index >= tensors.size() || !info)
    return invalid("there is no input or output of that index");
  const TensorInfo &tensor = tensors[index];
  *info = {tensor.name.c_str(), static_cast<ReckonElementType>(tensor.type), tensor.shape.size(),
           texts[index].pointers.data()};
  return RECKON_OK;
}

ReckonStatus reckon_engine_input(const ReckonEngine *engine, size_t index, ReckonTensorInfo *info) {
  if (!engine)
    return invalid("the engine is null");
  return describe(engine->loaded->spec().inputs, engine->loaded->inputTexts, index, info);
}

ReckonStatus reckon_engine_output(const ReckonEngine *engine, size_t index, ReckonTensorInfo *info) {
  if (!engine)
    return invalid("the engine is null");
  return describe(engine->loaded->spec().outputs, engine->loaded->outputTexts, index, info);
}

ReckonStatus reckon_engine_table(const ReckonEngine *engine, size_t index, ReckonTableInfo *info) {
  if (!engine || index >= engine->loaded->spec().tables.size() || !info)
    return invalid("there is no table of that index");
  const TableSpec &table = engine->loaded->spec().tables[index];
  *info = {table.name.c_str(),
           static_cast<ReckonElementType>(table.type),
           engine->loaded->tables()[index].rows,
           static_cast<int64_t>(table.dim),
           enumName(table.encoding),
           static_cast<int64_t>(table.rowBytes())};
  return RECKON_OK;
}

ReckonStatus reckon_engine_kernel(const ReckonEngine *engine, size_t index, ReckonKernelInfo *info) {
  if (!engine || index >= engine->loaded->kernels.size() || !info)
    return invalid("there is no kernel of that index");
  const LoadedEngine::Kernel &kernel = engine->loaded->kernels[index];
  const TargetSpec &target = kernel.program->target;
  ReckonKernelInfo known = {sizeof(known),
                            deviceName(target.device),
                            target.cpu.c_str(),
                            kernel.spec->symbol.c_str(),
                            kernel.spec->kind.c_str(),
                            kernel.nodes.data(),
                            kernel.nodes.size()};
  return guarded([&](Error &error) { return fillStruct("ReckonKernelInfo", known, info, error); });
}

const char *reckon_engine_dim(const ReckonEngine *engine, size_t index) {
  if (!engine || index >= engine->loaded->spec().dims.size())
    return nullptr;
  return engine->loaded->spec().dims[index].c_str();
}

//===-- Contexts --------------------------------------------------------------===//

ReckonStatus reckon_context_create(ReckonEngine *engine, const ReckonContextOptions *options, ReckonContext **context) {
  if (!engine || !context)
    return invalid("a null argument");
  *context = nullptr;
  return guarded([&](Error &error) {
    ReckonContextOptions known = RECKON_CONTEXT_OPTIONS_INIT;
    if (options && !copyStruct("ReckonContextOptions", options, known, error))
      return false;
    ExecutorOptions chosen;
    if (known.threads < 0 || known.threads > 1024)
      return error.set(RECKON_INVALID, "threads: got " + std::to_string(known.threads) + ", expected 0 to 1024");
    chosen.threads = known.threads == 0 ? availableCpus() : known.threads;
    if (known.spin_us >= 0)
      chosen.spinMicroseconds = known.spin_us;
    if (known.graph_cache < 0)
      return error.set(RECKON_INVALID,
                       "graph_cache: got " + std::to_string(known.graph_cache) + ", expected 0 or more");
    if (known.graph_cache > 0)
      chosen.graphCache = static_cast<size_t>(known.graph_cache);
    auto result = std::make_unique<ReckonContext>(engine->loaded);
    const char *device = known.device ? known.device : deviceName(DeviceKind::Host);
    if (!result->execution.start(device, chosen, error))
      return false;
    *context = result.release();
    log(RECKON_LOG_INFO,
        [&] { return std::string("context on ") + device + ", " + std::to_string(chosen.threads) + " threads"; });
    return true;
  });
}

void reckon_context_destroy(ReckonContext *context) { delete context; }

/// The index of the tensor called `name`, or the number of tensors.
static size_t findTensor(const std::vector<TensorInfo> &tensors, const char *name) {
  size_t index = 0;
  while (index < tensors.size() && tensors[index].name != name)
    ++index;
  return index;
}

static bool unknownName(const char *kind, const char *name, const std::vector<TensorInfo> &tensors, Error &error) {
  std::string message = std::string("the engine has no ") + kind + " '" + name + "'; it has";
  for (size_t i = 0; i < tensors.size() && i < 40; ++i)
    message += (i == 0 ? " '" : ", '") + tensors[i].name + "'";
  return error.set(RECKON_INVALID, message + (tensors.size() > 40 ? ", ..." : tensors.empty() ? " none" : ""));
}

ReckonStatus reckon_set_input(ReckonContext *context, size_t index, ReckonElementType type, size_t rank,
                              const int64_t *shape, const void *data) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    return context->execution.setInput(index, {type, rank, shape, data, /*onDevice=*/false}, error);
  });
}

ReckonStatus reckon_set_inputs(ReckonContext *context, const ReckonInput *inputs, size_t num_inputs) {
  if (!context || (num_inputs != 0 && !inputs))
    return invalid("a null argument");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    return forEachStruct<ReckonInput>(
        "ReckonInput", inputs, num_inputs, RECKON_INPUT_INIT, error, [&](size_t i, const ReckonInput &input) {
          return context->execution.setInput(i, {input.type, input.rank, input.shape, input.data, /*onDevice=*/false},
                                             error);
        });
  });
}

ReckonStatus reckon_set_input_by_name(ReckonContext *context, const char *name, ReckonElementType type, size_t rank,
                                      const int64_t *shape, const void *data) {
  if (!context || !name)
    return invalid("a null argument");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    const auto &inputs = context->execution.spec().inputs;
    size_t index = findTensor(inputs, name);
    if (index == inputs.size())
      return unknownName("input", name, inputs, error);
    return context->execution.setInput(index, {type, rank, shape, data, /*onDevice=*/false}, error);
  });
}

ReckonStatus reckon_set_output(ReckonContext *context, size_t index, ReckonElementType type, void *data,
                               size_t capacity_bytes) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    return context->execution.setOutput(index, type, data, capacity_bytes, false, error);
  });
}

ReckonStatus reckon_set_output_by_name(ReckonContext *context, const char *name, ReckonElementType type, void *data,
                                       size_t capacity_bytes) {
  if (!context || !name)
    return invalid("a null argument");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    const auto &outputs = context->execution.spec().outputs;
    size_t index = findTensor(outputs, name);
    if (index == outputs.size())
      return unknownName("output", name, outputs, error);
    return context->execution.setOutput(index, type, data, capacity_bytes, false, error);
  });
}

ReckonStatus reckon_set_device_input(ReckonContext *context, size_t index, ReckonElementType type, size_t rank,
                                     const int64_t *shape, const void *device_pointer) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    return context->execution.setInput(index, {type, rank, shape, device_pointer, /*onDevice=*/true}, error);
  });
}

ReckonStatus reckon_set_device_output(ReckonContext *context, size_t index, ReckonElementType type,
                                      void *device_pointer, size_t capacity_bytes) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    return context->execution.setOutput(index, type, device_pointer, capacity_bytes, true, error);
  });
}

ReckonStatus reckon_prepare(ReckonContext *context) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) { return context->execution.prepare(error); });
}

ReckonStatus reckon_set_profiling(ReckonContext *context, int on) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns,
                 [&](Error &error) { return context->execution.setProfiling(on != 0, error); });
}

ReckonStatus reckon_run_times(const ReckonContext *context, ReckonRunTimes *times) {
  if (!context || !times)
    return invalid("a null argument");
  *times = context->execution.times();
  return RECKON_OK;
}

ReckonStatus reckon_output(const ReckonContext *context, size_t index, ReckonTensor *tensor) {
  if (!context || !tensor)
    return invalid("a null argument");
  return guarded([&](Error &error) { return context->execution.output(index, *tensor, error); });
}

ReckonStatus reckon_host_alloc(const char *device, size_t bytes, void **data) {
  if (!device || !data)
    return invalid("a null argument");
  *data = nullptr;
  return guarded([&](Error &error) { return allocateHostBlock(device, bytes, *data, error); });
}

ReckonStatus reckon_host_free(void *data) {
  return guarded([&](Error &error) { return !data || freeHostBlock(data, error); });
}

ReckonStatus reckon_host_register(const char *device, void *data, size_t bytes) {
  if (!device || !data || bytes == 0)
    return invalid(bytes == 0 ? "no bytes to register" : "a null argument");
  return guarded([&](Error &error) { return registerHostBlock(device, data, bytes, error); });
}

ReckonStatus reckon_host_unregister(void *data) {
  return guarded([&](Error &error) { return !data || unregisterHostBlock(data, error); });
}

int64_t reckon_dim_value(const ReckonContext *context, size_t index) {
  return context ? context->execution.dimValue(index) : -1;
}

} // extern "C"
