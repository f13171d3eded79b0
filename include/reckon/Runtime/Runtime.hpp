//===- Runtime.hpp - C++ over the C interface -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Header only: owning handles and statuses that carry their message. Nothing throws but std::bad_alloc.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_RUNTIME_HPP
#define RECKON_RUNTIME_RUNTIME_HPP

#include "reckon/Runtime/Runtime.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reckon::runtime {

/// True when something went wrong: `if (Status failed = ...) report(failed.message);`
struct Status {
  ReckonStatus code = RECKON_OK;
  std::string message;

  static Status of(ReckonStatus code) { return {code, code == RECKON_OK ? std::string() : reckon_last_error()}; }
  explicit operator bool() const { return code != RECKON_OK; }
};

/// Host memory that GPUs copy from and to without help (reckon_host_alloc).
class HostMemory {
public:
  HostMemory() = default;
  ~HostMemory() { reckon_host_free(address); }
  HostMemory(HostMemory &&other) noexcept : address(std::exchange(other.address, nullptr)) {}
  HostMemory &operator=(HostMemory &&other) noexcept {
    std::swap(address, other.address);
    return *this;
  }
  /// Gives back what it had.
  Status allocate(size_t bytes, const char *device = "cuda") {
    reckon_host_free(std::exchange(address, nullptr));
    return Status::of(reckon_host_alloc(device, bytes, &address));
  }
  void *data() const { return address; }
  template <typename T> T *as() const { return static_cast<T *>(address); }

private:
  void *address = nullptr;
};

class Engine {
public:
  /// With a `publicKey`, of 32 bytes, what is not signed by it is refused.
  Status open(const std::string &path, const std::vector<ReckonTableBinding> &bindings = {},
              const uint8_t *publicKey = nullptr, ReckonDeviceTables deviceTables = RECKON_DEVICE_TABLES_OWN) {
    return open(path, bindings, makeOptions(publicKey, deviceTables));
  }
  /// The bindings stand for those of the options.
  Status open(const std::string &path, const std::vector<ReckonTableBinding> &bindings, ReckonOpenOptions options) {
    options.bindings = bindings.data();
    options.num_bindings = bindings.size();
    return take([&](ReckonEngine **out) { return reckon_engine_open_with_options(path.c_str(), &options, out); });
  }
  Status openMemory(const void *data, size_t size, const std::vector<ReckonTableBinding> &bindings = {},
                    const uint8_t *publicKey = nullptr, ReckonDeviceTables deviceTables = RECKON_DEVICE_TABLES_OWN) {
    return openMemory(data, size, bindings, makeOptions(publicKey, deviceTables));
  }
  Status openMemory(const void *data, size_t size, const std::vector<ReckonTableBinding> &bindings,
                    ReckonOpenOptions options) {
    options.bindings = bindings.data();
    options.num_bindings = bindings.size();
    return take(
        [&](ReckonEngine **out) { return reckon_engine_open_from_memory_with_options(data, size, &options, out); });
  }
  Status openSharedMemory(const std::string &name, const std::vector<ReckonTableBinding> &bindings = {}) {
    return take([&](ReckonEngine **out) {
      return reckon_engine_open_from_shared_memory(name.c_str(), bindings.data(), bindings.size(), out);
    });
  }

  size_t numInputs() const { return reckon_engine_num_inputs(get()); }
  size_t numOutputs() const { return reckon_engine_num_outputs(get()); }
  size_t numTables() const { return reckon_engine_num_tables(get()); }
  /// `index` must be in range.
  ReckonTensorInfo input(size_t index) const {
    ReckonTensorInfo info = {};
    reckon_engine_input(get(), index, &info);
    return info;
  }
  ReckonTensorInfo output(size_t index) const {
    ReckonTensorInfo info = {};
    reckon_engine_output(get(), index, &info);
    return info;
  }
  ReckonTableInfo table(size_t index) const {
    ReckonTableInfo info = {};
    reckon_engine_table(get(), index, &info);
    return info;
  }
  uint64_t version() const { return reckon_engine_version(get()); }
  Status verify() const { return Status::of(reckon_engine_verify(get())); }
  Status warmUp(const ReckonWarmUpOptions &options = RECKON_WARM_UP_OPTIONS_INIT) const {
    return Status::of(reckon_engine_warm_up(get(), &options));
  }
  Status save(const std::string &path) const { return Status::of(reckon_engine_save(get(), path.c_str())); }
  ReckonCounters counters() const {
    ReckonCounters result = RECKON_COUNTERS_INIT;
    reckon_engine_counters(get(), &result);
    return result;
  }
  /// In the text format of Prometheus.
  std::string metrics(const char *name = nullptr) const {
    std::string text;
    size_t needed = 0;
    // Numbers may grow between the calls.
    while (reckon_engine_metrics(get(), name, text.data(), text.size(), &needed) != RECKON_OK || text.size() < needed)
      text.resize(needed + 64);
    text.resize(needed - 1);
    return text;
  }
  ReckonEngine *get() const { return handle.get(); }

private:
  static ReckonOpenOptions makeOptions(const uint8_t *publicKey, ReckonDeviceTables deviceTables) {
    ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
    options.public_key = publicKey;
    options.device_tables = deviceTables;
    return options;
  }
  template <typename Open> Status take(Open open) {
    ReckonEngine *result = nullptr;
    Status status = Status::of(open(&result));
    handle.reset(result);
    return status;
  }
  struct Close {
    void operator()(ReckonEngine *engine) const { reckon_engine_close(engine); }
  };
  std::unique_ptr<ReckonEngine, Close> handle;
};

/// Changes that are made together.
class Update {
public:
  Status create(const Engine &engine) {
    ReckonUpdate *result = nullptr;
    Status status = Status::of(reckon_update_create(engine.get(), &result));
    handle.reset(result);
    return status;
  }
  /// `rows` are as the table stores them.
  Status setRows(const std::string &table, const std::vector<int64_t> &ids, const void *rows) {
    return Status::of(reckon_update_rows(get(), table.c_str(), ids.data(), ids.size(), rows));
  }
  Status setTable(const std::string &table, size_t count, const void *rows) {
    return Status::of(reckon_update_table(get(), table.c_str(), count, rows));
  }
  Status deleteRows(const std::string &table, const std::vector<int64_t> &ids) {
    return Status::of(reckon_update_delete_rows(get(), table.c_str(), ids.data(), ids.size()));
  }
  Status setWeight(const std::string &weight, const void *data, size_t bytes) {
    return Status::of(reckon_update_weight(get(), weight.c_str(), data, bytes));
  }
  Status commit(uint64_t *version = nullptr) { return Status::of(reckon_update_commit(get(), version)); }
  ReckonUpdate *get() const { return handle.get(); }

private:
  struct Destroy {
    void operator()(ReckonUpdate *update) const { reckon_update_destroy(update); }
  };
  std::unique_ptr<ReckonUpdate, Destroy> handle;
};

/// A file of updates of one engine.
class UpdateLog {
public:
  Status open(const Engine &engine, const std::string &path, ReckonLogUse use) {
    ReckonUpdateLog *result = nullptr;
    Status status = Status::of(reckon_update_log_open(engine.get(), path.c_str(), use, &result));
    handle.reset(result);
    return status;
  }
  Status append(Update &update, bool sync = false) {
    return Status::of(reckon_update_log_append(handle.get(), update.get(), sync));
  }
  Status apply(uint64_t *applied = nullptr, uint64_t most = 0) {
    return Status::of(reckon_update_log_apply(handle.get(), most, applied));
  }

private:
  struct Close {
    void operator()(ReckonUpdateLog *log) const { reckon_update_log_close(log); }
  };
  std::unique_ptr<ReckonUpdateLog, Close> handle;
};

class Context {
public:
  Status create(const Engine &engine, int threads = 0, const char *device = "host") {
    ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.device = device;
    return create(engine, options);
  }
  Status create(const Engine &engine, const ReckonContextOptions &options) {
    ReckonContext *result = nullptr;
    Status status = Status::of(reckon_context_create(engine.get(), &options, &result));
    handle.reset(result);
    return status;
  }
  Status setInput(size_t index, ReckonElementType type, const std::vector<int64_t> &shape, const void *data) {
    return Status::of(reckon_set_input(get(), index, type, shape.size(), shape.data(), data));
  }
  Status setInputs(const std::vector<ReckonInput> &inputs) {
    return Status::of(reckon_set_inputs(get(), inputs.data(), inputs.size()));
  }
  Status setInput(const std::string &name, ReckonElementType type, const std::vector<int64_t> &shape,
                  const void *data) {
    return Status::of(reckon_set_input_by_name(get(), name.c_str(), type, shape.size(), shape.data(), data));
  }
  Status setOutput(size_t index, ReckonElementType type, void *data, size_t capacityBytes) {
    return Status::of(reckon_set_output(get(), index, type, data, capacityBytes));
  }
  /// Device memory, for contexts on a GPU.
  Status setDeviceInput(size_t index, ReckonElementType type, const std::vector<int64_t> &shape, const void *address) {
    return Status::of(reckon_set_device_input(get(), index, type, shape.size(), shape.data(), address));
  }
  Status setDeviceOutput(size_t index, ReckonElementType type, void *address, size_t capacityBytes) {
    return Status::of(reckon_set_device_output(get(), index, type, address, capacityBytes));
  }
  /// `stream` is a CUstream.
  Status runAsync(void *stream, int64_t timeoutMicroseconds = 0) {
    ReckonRunOptions options = RECKON_RUN_OPTIONS_INIT;
    options.timeout_us = timeoutMicroseconds;
    return Status::of(reckon_run_async_with_options(get(), stream, timeoutMicroseconds ? &options : nullptr));
  }
  Status synchronize() { return Status::of(reckon_synchronize(get())); }
  Status setProfiling(bool on) { return Status::of(reckon_set_profiling(get(), on)); }
  ReckonRunTimes times() const {
    ReckonRunTimes result = {};
    reckon_run_times(get(), &result);
    return result;
  }
  /// A run with the time of each kernel. `profile` may be null; the index of what it holds must be in range.
  Status profile(ReckonProfile *profile = nullptr) { return Status::of(reckon_profile(get(), profile)); }
  ReckonDispatchProfile profiledDispatch(size_t index) const {
    ReckonDispatchProfile result = RECKON_DISPATCH_PROFILE_INIT;
    reckon_profile_dispatch(get(), index, &result);
    return result;
  }
  ReckonProfileEvent profiledEvent(size_t index) const {
    ReckonProfileEvent result = RECKON_PROFILE_EVENT_INIT;
    reckon_profile_event(get(), index, &result);
    return result;
  }
  Status prepare() { return Status::of(reckon_prepare(get())); }
  Status run() { return Status::of(reckon_run(get())); }
  /// One that ends early when its time, unless that is 0, is over or somebody cancels it.
  Status run(int64_t timeoutMicroseconds) {
    ReckonRunOptions options = RECKON_RUN_OPTIONS_INIT;
    options.timeout_us = timeoutMicroseconds;
    return Status::of(reckon_run_with_options(get(), &options));
  }
  /// That the last run has read.
  uint64_t version() const {
    uint64_t result = 0;
    reckon_run_version(get(), &result);
    return result;
  }
  /// From any thread.
  Status cancel() { return Status::of(reckon_cancel(get())); }
  /// `index` must be in range.
  ReckonTensor output(size_t index) const {
    ReckonTensor tensor = {};
    reckon_output(get(), index, &tensor);
    return tensor;
  }
  ReckonContext *get() const { return handle.get(); }

private:
  struct Destroy {
    void operator()(ReckonContext *context) const { reckon_context_destroy(context); }
  };
  std::unique_ptr<ReckonContext, Destroy> handle;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_RUNTIME_HPP
