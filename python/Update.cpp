//===- Update.cpp - Updates of engines, and logs of them -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#include "Runtime.h"

using namespace reckon::python;

//===-- Updates ---------------------------------------------------------------===//

namespace {
/// Changes of an engine that are made together.
class Update {
public:
  explicit Update(PyObject *of) : engine(Ref::share(of)), opened(Class<Engine>::of(of).handle) {
    check(reckon_update_create(opened, &handle));
  }
  Update(const Update &) = delete;
  ~Update() { reckon_update_destroy(handle); }

  /// Calls `call` with the update while no other thread may.
  template <typename Call> void change(Call call) {
    Claim claim(isBusy, "the update is in use by another thread");
    checkUnlocked([&] { return call(handle); });
  }

  PyObject *getEngine() const { return engine.get(); }

  /// How many rows of a table a memory has.
  size_t countRows(const std::string &table, const Memory &rows) const {
    for (size_t i = 0; i < reckon_engine_num_tables(opened); ++i) {
      ReckonTableInfo info;
      check(reckon_engine_table(opened, i, &info));
      if (table != info.name)
        continue;
      if (info.row_bytes == 0 || rows->len % info.row_bytes != 0)
        throw StatusError{RECKON_INVALID, "table '" + table + "': " + std::to_string(rows->len) +
                                              " bytes are no whole number of rows of " +
                                              std::to_string(info.row_bytes)};
      return size_t(rows->len / info.row_bytes);
    }
    throw StatusError{RECKON_INVALID, "the engine has no table '" + table + "'"};
  }

  static Memory takeIds(PyObject *ids) {
    Memory memory(ids, PyBUF_RECORDS_RO);
    if (memory->ndim != 1 || !holds(*memory, RECKON_I64))
      throw StatusError{RECKON_INVALID, "ids: expected a C-contiguous array of int64 of one dimension"};
    return memory;
  }

private:
  Ref engine;
  ReckonEngine *opened;
  ReckonUpdate *handle = nullptr;
  bool isBusy = false; ///< under the interpreter's lock
};
} // namespace

/// (engine)
static Ref createUpdate(PyObject *, const Arguments &arguments) {
  return Class<Update>::make(std::make_unique<Update>(arguments[0]));
}

/// (table, ids, rows)
static Ref updateRows(PyObject *self, const Arguments &arguments) {
  auto &update = Class<Update>::of(self);
  std::string table = toText(arguments[0]);
  Memory ids = Update::takeIds(arguments[1]), rows(arguments[2], PyBUF_C_CONTIGUOUS);
  auto count = size_t(ids->shape[0]);
  if (size_t given = update.countRows(table, rows); given != count)
    throw StatusError{RECKON_INVALID, "table '" + table + "': " + std::to_string(count) + " ids and " +
                                          std::to_string(given) + " rows"};
  update.change([&](ReckonUpdate *handle) {
    return reckon_update_rows(handle, table.c_str(), static_cast<const int64_t *>(ids->buf), count, rows->buf);
  });
  return none();
}

/// (table, rows)
static Ref updateTable(PyObject *self, const Arguments &arguments) {
  auto &update = Class<Update>::of(self);
  std::string table = toText(arguments[0]);
  Memory rows(arguments[1], PyBUF_C_CONTIGUOUS);
  size_t count = update.countRows(table, rows);
  update.change([&](ReckonUpdate *handle) { return reckon_update_table(handle, table.c_str(), count, rows->buf); });
  return none();
}

/// (table, ids)
static Ref deleteRows(PyObject *self, const Arguments &arguments) {
  auto &update = Class<Update>::of(self);
  std::string table = toText(arguments[0]);
  Memory ids = Update::takeIds(arguments[1]);
  update.change([&](ReckonUpdate *handle) {
    return reckon_update_delete_rows(handle, table.c_str(), static_cast<const int64_t *>(ids->buf),
                                     size_t(ids->shape[0]));
  });
  return none();
}

/// (weight, data)
static Ref updateWeight(PyObject *self, const Arguments &arguments) {
  std::string weight = toText(arguments[0]);
  Memory data(arguments[1], PyBUF_C_CONTIGUOUS);
  Class<Update>::of(self).change(
      [&](ReckonUpdate *handle) { return reckon_update_weight(handle, weight.c_str(), data->buf, size_t(data->len)); });
  return none();
}

/// The version that the changes became.
static Ref commitUpdate(PyObject *self, const Arguments &) {
  uint64_t version = 0;
  Class<Update>::of(self).change([&](ReckonUpdate *handle) { return reckon_update_commit(handle, &version); });
  return toPython(version);
}

//===-- Logs ------------------------------------------------------------------===//

namespace {
/// A file of updates of an engine.
class UpdateLog {
public:
  UpdateLog(PyObject *of, const std::string &path, ReckonLogUse use) : engine(Ref::share(of)) {
    ReckonEngine *opened = Class<Engine>::of(of).handle;
    checkUnlocked([&] { return reckon_update_log_open(opened, path.c_str(), use, &handle); });
  }
  UpdateLog(const UpdateLog &) = delete;
  ~UpdateLog() { reckon_update_log_close(handle); }

  /// Calls `call` with the log while no other thread may.
  template <typename Call> void use(Call call) {
    Claim claim(isBusy, "the update log is in use by another thread");
    if (!handle)
      throw StatusError{RECKON_INVALID, "the update log is closed"};
    call(handle);
  }
  /// Refuses an update of another engine.
  void expect(const Update &update) const {
    if (update.getEngine() != engine.get())
      throw StatusError{RECKON_INVALID, "the update is of another engine than the log"};
  }
  void close() {
    Claim claim(isBusy, "the update log is in use by another thread");
    reckon_update_log_close(std::exchange(handle, nullptr));
  }

private:
  Ref engine;
  ReckonUpdateLog *handle = nullptr;
  bool isBusy = false; ///< under the interpreter's lock
};
} // namespace

/// (engine, path, whether to append)
static Ref openLog(PyObject *, const Arguments &arguments) {
  int append = PyObject_IsTrue(arguments[2]);
  if (append < 0)
    throw Raised();
  return Class<UpdateLog>::make(
      std::make_unique<UpdateLog>(arguments[0], toPath(arguments[1]), append ? RECKON_LOG_APPEND : RECKON_LOG_FOLLOW));
}

/// (update, whether it is on the disk then)
static Ref appendToLog(PyObject *self, const Arguments &arguments) {
  auto &update = Class<Update>::of(arguments[0]);
  int sync = PyObject_IsTrue(arguments[1]);
  if (sync < 0)
    throw Raised();
  auto &log = Class<UpdateLog>::of(self);
  log.expect(update);
  log.use([&](ReckonUpdateLog *opened) {
    update.change([&](ReckonUpdate *handle) { return reckon_update_log_append(opened, handle, sync); });
  });
  return none();
}

/// (how many at most, 0: all): how many were applied.
static Ref applyLog(PyObject *self, const Arguments &arguments) {
  uint64_t most = toUnsigned(arguments[0]), applied = 0;
  Class<UpdateLog>::of(self).use(
      [&](ReckonUpdateLog *log) { checkUnlocked([&] { return reckon_update_log_apply(log, most, &applied); }); });
  return toPython(applied);
}

static Ref closeLog(PyObject *self, const Arguments &) {
  Class<UpdateLog>::of(self).close();
  return none();
}

static PyMethodDef functions[] = {method<createUpdate>("create_update"), method<openLog>("open_log"), {}};
static PyMethodDef updateMethods[] = {method<updateRows>("rows"),        method<updateTable>("table"),
                                      method<deleteRows>("delete_rows"), method<updateWeight>("weight"),
                                      method<commitUpdate>("commit"),    {}};
static PyMethodDef logMethods[] = {
    method<appendToLog>("append"), method<applyLog>("apply"), method<closeLog>("close"), {}};

void reckon::python::addUpdates(PyObject *module) {
  addFunctions(module, functions);
  Class<Update>::add(module, "reckon._runtime.Update", updateMethods);
  Class<UpdateLog>::add(module, "reckon._runtime.UpdateLog", logMethods);
}
