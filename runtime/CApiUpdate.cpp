//===- CApiUpdate.cpp - The C interface of updates -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CApiSupport.h"
#include "Log.h"
#include "UpdateLog.h"

using namespace reckon;
using namespace reckon::runtime;

struct ReckonUpdate {
  explicit ReckonUpdate(std::shared_ptr<const LoadedEngine> engine)
      : loaded(std::move(engine)), changes(loaded->spec(), loaded->tableRows()) {}
  std::shared_ptr<const LoadedEngine> loaded;
  Changes changes;
};

struct ReckonUpdateLog {
  explicit ReckonUpdateLog(std::shared_ptr<const LoadedEngine> engine) : log(std::move(engine)) {}
  UpdateLogFile log;
};

extern "C" {

ReckonStatus reckon_update_create(ReckonEngine *engine, ReckonUpdate **update) {
  if (!engine || !update)
    return invalid("a null argument");
  *update = nullptr;
  return guarded([&](Error &) {
    *update = new ReckonUpdate(engine->loaded);
    return true;
  });
}

void reckon_update_destroy(ReckonUpdate *update) { delete update; }

ReckonStatus reckon_update_rows(ReckonUpdate *update, const char *table, const int64_t *ids, size_t count,
                                const void *rows) {
  if (!update || !table || (count != 0 && (!ids || !rows)))
    return invalid("a null argument");
  return guarded([&](Error &error) { return update->changes.addRows(table, ids, count, rows, error); });
}

ReckonStatus reckon_update_table(ReckonUpdate *update, const char *table, size_t count, const void *rows) {
  if (!update || !table || (count != 0 && !rows))
    return invalid("a null argument");
  return guarded([&](Error &error) { return update->changes.addTable(table, count, rows, error); });
}

ReckonStatus reckon_update_delete_rows(ReckonUpdate *update, const char *table, const int64_t *ids, size_t count) {
  if (!update || !table || (count != 0 && !ids))
    return invalid("a null argument");
  return guarded([&](Error &error) { return update->changes.addDeletion(table, ids, count, error); });
}

ReckonStatus reckon_update_weight(ReckonUpdate *update, const char *weight, const void *data, size_t bytes) {
  if (!update || !weight || (bytes != 0 && !data))
    return invalid("a null argument");
  return guarded([&](Error &error) { return update->changes.addWeight(weight, bytes, data, error); });
}

ReckonStatus reckon_update_commit(ReckonUpdate *update, uint64_t *version) {
  if (!update)
    return invalid("the update is null");
  return guarded([&](Error &error) {
    uint64_t committed;
    if (!update->loaded->commit(update->changes, 0, committed, error))
      return false;
    log(RECKON_LOG_INFO, [&] {
      return "version " + std::to_string(committed) + " is committed: " + std::to_string(update->changes.numRows()) +
             " rows";
    });
    update->changes.clear();
    if (version)
      *version = committed;
    return true;
  });
}

ReckonStatus reckon_engine_verify(const ReckonEngine *engine) {
  if (!engine)
    return invalid("the engine is null");
  return guarded([&](Error &error) { return engine->loaded->rowChecks.checkAll(error); });
}

ReckonStatus reckon_engine_warm_up(const ReckonEngine *engine, const ReckonWarmUpOptions *options) {
  if (!engine)
    return invalid("the engine is null");
  return guarded([&](Error &error) {
    ReckonWarmUpOptions known = RECKON_WARM_UP_OPTIONS_INIT;
    if (options && !copyStruct("ReckonWarmUpOptions", options, known, error))
      return false;
    if (known.num_hot_rows != 0 && !known.hot_rows)
      return error.set(RECKON_INVALID, "a null argument");
    WarmUp wanted;
    wanted.allRows = known.all_rows != 0;
    if (known.progress)
      wanted.progress = [&](uint64_t done, uint64_t total) { return known.progress(known.user, done, total) == 0; };
    auto add = [&](size_t, const ReckonHotRows &rows) {
      if (!rows.table || (!rows.ids && rows.count != 0))
        return error.set(RECKON_INVALID, "a null argument");
      wanted.hot.push_back({rows.table, rows.ids, rows.count});
      return true;
    };
    return forEachStruct<ReckonHotRows>("ReckonHotRows", known.hot_rows, known.num_hot_rows, RECKON_HOT_ROWS_INIT,
                                        error, add) &&
           engine->loaded->warmUp(wanted, error);
  });
}

uint64_t reckon_engine_version(const ReckonEngine *engine) { return engine ? engine->loaded->versions->version() : 0; }

ReckonStatus reckon_engine_save(const ReckonEngine *engine, const char *path) {
  if (!engine || !path)
    return invalid("a null argument");
  return guarded([&](Error &error) { return engine->loaded->save(path, /*recipe=*/nullptr, error); });
}

ReckonStatus reckon_run_version(const ReckonContext *context, uint64_t *version) {
  if (!context || !version)
    return invalid("a null argument");
  *version = context->execution.version();
  return RECKON_OK;
}

//===-- Weights ---------------------------------------------------------------===//

size_t reckon_engine_num_weights(const ReckonEngine *engine) {
  return engine ? engine->loaded->spec().weights.size() : 0;
}

ReckonStatus reckon_engine_weight(const ReckonEngine *engine, size_t index, ReckonWeightInfo *info) {
  if (!engine || !info || index >= engine->loaded->spec().weights.size())
    return invalid("there is no weight of that index");
  const WeightSpec &weight = engine->loaded->spec().weights[index];
  ReckonWeightInfo known{sizeof(ReckonWeightInfo), weight.name.c_str(), weight.packing.c_str(), weight.data.data,
                         weight.data.size};
  return guarded([&](Error &error) { return fillStruct("ReckonWeightInfo", known, info, error); });
}

//===-- Logs ------------------------------------------------------------------===//

ReckonStatus reckon_update_log_open(ReckonEngine *engine, const char *path, ReckonLogUse use, ReckonUpdateLog **log) {
  if (!engine || !path || !log)
    return invalid("a null argument");
  *log = nullptr;
  if (use != RECKON_LOG_FOLLOW && use != RECKON_LOG_APPEND)
    return invalid("an update log is opened to follow or to append");
  return guarded([&](Error &error) {
    auto opened = std::make_unique<ReckonUpdateLog>(engine->loaded);
    if (!opened->log.open(path, use == RECKON_LOG_APPEND, error))
      return false;
    *log = opened.release();
    return true;
  });
}

void reckon_update_log_close(ReckonUpdateLog *log) { delete log; }

ReckonStatus reckon_update_log_append(ReckonUpdateLog *log, ReckonUpdate *update, int sync) {
  if (!log || !update)
    return invalid("a null argument");
  return guarded([&](Error &error) {
    if (!log->log.append(update->changes, sync != 0, error))
      return false;
    update->changes.clear();
    return true;
  });
}

ReckonStatus reckon_update_log_apply(ReckonUpdateLog *log, uint64_t most, uint64_t *applied) {
  if (!log)
    return invalid("the update log is null");
  uint64_t count = 0;
  ReckonStatus status = guarded([&](Error &error) { return log->log.apply(most, count, error); });
  if (applied)
    *applied = count;
  return status;
}

} // extern "C"
