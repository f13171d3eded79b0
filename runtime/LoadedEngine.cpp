//===- LoadedEngine.cpp - An engine with its tables bound -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "LoadedEngine.h"
#include "Log.h"
#include "lib/Engine/FileMapping.h"

#include <sys/stat.h>

using namespace reckon;
using namespace reckon::runtime;

/// The binding for a table: its own, the one for all others, or the default.
static const ReckonTableBinding &choose(const std::string &table, const ReckonTableBinding *bindings, size_t count) {
  static const ReckonTableBinding byDefault = RECKON_TABLE_BINDING_INIT;
  const ReckonTableBinding *chosen = &byDefault;
  for (size_t i = 0; i < count; ++i) {
    if (!bindings[i].table)
      chosen = &bindings[i];
    else if (table == bindings[i].table)
      return bindings[i];
  }
  return *chosen;
}

static bool checkBindings(const EngineSpec &spec, const ReckonTableBinding *bindings, size_t count, Error &error) {
  for (size_t i = 0; i < count; ++i) {
    if (!bindings[i].table)
      continue;
    std::string name = bindings[i].table;
    bool known = false;
    for (const TableSpec &table : spec.tables)
      known |= table.name == name;
    if (!known)
      return error.set(RECKON_INVALID, "the engine has no table '" + name + "' to bind");
    for (size_t j = 0; j < i; ++j)
      if (bindings[j].table && name == bindings[j].table)
        return error.set(RECKON_INVALID, "table '" + name + "' is bound twice");
  }
  return true;
}

static std::vector<LoadedEngine::Texts> shapeTexts(const std::vector<TensorInfo> &tensors) {
  std::vector<LoadedEngine::Texts> result(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    for (const SizeExpr &size : tensors[i].shape)
      result[i].text.push_back(size.str());
    for (const std::string &text : result[i].text)
      result[i].pointers.push_back(text.c_str());
  }
  return result;
}

/// What the rows of a table are.
std::string LoadedEngine::nameOf(size_t table, std::string &refusal) const {
  std::string rows = std::to_string(bound[table].rows);
  // Yet to be made up.
  if (!bound[table].data)
    return rows + " seed " + std::to_string(bound[table].seed);
  const FilePlace &place = storage[table].filePlace();
  if (bound[table].data == spec().tables[table].data.data || bound[table].rows == 0)
    return rows;
  std::string what = "table '" + spec().tables[table].name + "'";
  if (place.path.empty()) {
    refusal = what + ": it is bound to memory of this process, which others do not have";
    return "";
  }
  struct stat status;
  if (::stat(place.path.c_str(), &status) != 0 || status.st_dev != place.device || status.st_ino != place.inode) {
    refusal = what + ": its file '" + place.path + "' is not there any more";
    return "";
  }
  std::string name = rows;
  for (uint64_t part : {uint64_t(status.st_dev), uint64_t(status.st_ino), uint64_t(status.st_size), place.offset,
                        uint64_t(status.st_mtim.tv_sec), uint64_t(status.st_mtim.tv_nsec)})
    name += " " + std::to_string(part);
  return name;
}

void LoadedEngine::nameTables() {
  sharing.name = "tables 1 of " + std::to_string(identity());
  // Who requires a signature shares with those that have looked at it.
  if (signer())
    sharing.name += " signed by " + keyText(*signer());
  for (size_t i = 0; i < bound.size(); ++i)
    sharing.name += "\n" + nameOf(i, sharing.refusal);
}

bool LoadedEngine::load(std::unique_ptr<EngineFile> engine, const ReckonTableBinding *bindings, size_t numBindings,
                        Error &error, ReckonDeviceTables deviceTables, Placement wanted) {
  file = std::move(engine);
  placement = wanted;
  if (!checkPlacement(placement, error))
    return false;
  if (!checkBindings(spec(), bindings, numBindings, error) || !shapes.compile(spec(), error))
    return false;
  storage.resize(spec().tables.size());
  bound.resize(spec().tables.size());
  for (size_t i = 0; i < bound.size(); ++i) {
    const TableSpec &table = spec().tables[i];
    const ReckonTableBinding &binding = choose(table.name, bindings, numBindings);
    // Who binds rows trusts them; those that the engine brings have to be signed.
    if (file->signer() && binding.source == RECKON_TABLE_DEFAULT && !table.externalFile.empty())
      return error.set(RECKON_INVALID, "table '" + table.name + "'",
                       "its rows are in '" + table.externalFile +
                           "', which no signature covers: bind the table, or compile with --tables=inline");
    if (!storage[i].bind(table, binding, file->directory(), bound[i], error))
      return false;
  }
  versions = std::make_unique<Versions>(spec(), placement);
  versions->add(savePin);
  versions->add(warmUpPin);
  for (const BoundTable &table : bound)
    rowCounts.push_back(table.rows);
  for (size_t i = 0; i < bound.size(); ++i)
    if (bound[i].data)
      versions->setRows(i, sourceOf(i));
  sharing.how = deviceTables;
  if (deviceTables != RECKON_DEVICE_TABLES_OWN)
    nameTables();
  rowChecks.start(*file, bound);
  inputTexts = shapeTexts(spec().inputs);
  outputTexts = shapeTexts(spec().outputs);
  for (const ProgramSpec &program : spec().programs)
    for (const KernelSpec &kernel : program.kernels) {
      Kernel &known = kernels.emplace_back(Kernel{&program, &kernel, {}});
      for (const std::string &node : kernel.onnxNodes)
        known.nodes.push_back(node.c_str());
    }
  return true;
}

const Program *LoadedEngine::findProgram(const Device *device) const {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = programs.find(device);
  return found == programs.end() ? nullptr : found->second.get();
}

const Program *LoadedEngine::program(const std::string &device, Error &error) const {
  const Device *found = findDevice(device, error);
  if (!found)
    return nullptr;
  if (!spec().program(found->kind())) {
    error.set(RECKON_UNSUPPORTED,
              "the engine was not compiled for the device '" + std::string(deviceName(found->kind())) + "'");
    return nullptr;
  }
  const ProgramSpec *own = found->choose(spec(), error);
  if (!own)
    return nullptr;
  if (const Program *loaded = findProgram(found))
    return loaded;
  std::lock_guard<std::mutex> lock(changing);
  if (const Program *loaded = findProgram(found))
    return loaded;
  if (!found->makesUpTables() && !settleTables(error))
    return nullptr;
  std::unique_ptr<Program> program = found->load({spec(), *own, shapes.dimIndex(), bound, &sharing,
                                                  [this](Error &problem) { return rowChecks.checkAll(problem); }},
                                                 versions->newest(), error);
  if (!program)
    return nullptr;
  std::lock_guard<std::mutex> adding(mutex);
  return (programs[found] = std::move(program)).get();
}

RowSource LoadedEngine::sourceOf(size_t table) const {
  RowSource source;
  source.data = bound[table].data;
  source.bytes = static_cast<uint64_t>(bound[table].rows) * spec().tables[table].rowBytes();
  source.file = storage[table].filePlace();
  source.isOwn = placement && storage[table].isSettled() && source.bytes >= placedFrom;
  // The engine's own section.
  if (source.data == spec().tables[table].data.data && source.bytes != 0)
    source.file = file->findPlace(source.data);
  return source;
}

/// Under `changing`.
bool LoadedEngine::settleTables(Error &error) const {
  // Copies are not checked any more.
  if (isSettled || (placement && !rowChecks.checkAll(error)))
    return isSettled;
  for (size_t i = 0; i < bound.size(); ++i) {
    const uint8_t *before = bound[i].data;
    if (!storage[i].settle(spec().tables[i], placement, bound[i], error))
      return false;
    if (bound[i].data == before)
      continue;
    // Nobody reads these on the host yet, and nobody has committed.
    RowSource source = sourceOf(i);
    versions->setRows(i, source);
    // Who reads the copy wants no pages of the file.
    if (before && !storage[i].filePlace().path.empty())
      releasePages(before, source.bytes);
    else if (before && !file->findPlace(before).path.empty())
      releasePages(before, source.bytes);
  }
  isSettled = true;
  if (placement)
    logPlacement();
  return true;
}

/// What the system made of the wish.
void LoadedEngine::logPlacement() const {
  std::vector<std::pair<const void *, uint64_t>> pieces;
  uint64_t bytes = 0;
  for (size_t i = 0; i < bound.size(); ++i)
    if (uint64_t size = static_cast<uint64_t>(bound[i].rows) * spec().tables[i].rowBytes();
        storage[i].isSettled() && size >= placedFrom) {
      pieces.emplace_back(bound[i].data, size);
      bytes += size;
    }
  uint64_t huge = placement.hugePages ? countHugeBytes(pieces) : bytes;
  log(huge == bytes ? RECKON_LOG_INFO : RECKON_LOG_WARNING, [&] {
    std::string text = std::to_string(bytes) + " bytes of " + std::to_string(pieces.size()) +
                       " tables are in memory of the process, " + placement.str();
    return huge == bytes ? text : text + "; the system had huge pages for " + std::to_string(huge) + " of them";
  });
}

bool LoadedEngine::commit(const Changes &changes, uint64_t only, uint64_t &version, Error &error) const {
  std::lock_guard<std::mutex> lock(changing);
  if (!settleTables(error))
    return false;
  std::vector<const Program *> loaded;
  {
    std::lock_guard<std::mutex> reading(mutex);
    for (const auto &[device, program] : programs)
      loaded.push_back(program.get());
  }
  return versions->commit(changes, only, loaded, version, error);
}

bool LoadedEngine::save(const std::string &path, const RecipeSpec *recipe, Error &error) const {
  std::lock_guard<std::mutex> one(saving);
  {
    std::lock_guard<std::mutex> lock(changing);
    // What is damaged does not get new checksums.
    if (!settleTables(error) || !rowChecks.checkAll(error))
      return false;
  }
  // Commits after the next one wait meanwhile; runs do not.
  PinScope version(*versions, savePin);
  EngineSpec saved = spec();
  if (recipe)
    saved.recipe = *recipe;
  for (size_t i = 0; i < saved.tables.size(); ++i) {
    TableSpec &table = saved.tables[i];
    table.rows = static_cast<uint64_t>(rowCounts[i]);
    table.data = {version.snapshot.tables[i], static_cast<size_t>(table.rows * table.rowBytes())};
    table.externalFile.clear();
    table.externalOffset = 0;
    table.mustBeBound = false;
  }
  for (size_t i = 0; i < version.snapshot.weights.size(); ++i)
    saved.weights[i].data.data = version.snapshot.weights[i];
  std::string reason;
  return writeEngine(saved, path, &reason) || error.set(RECKON_UNAVAILABLE, "engine '" + path + "'", reason);
}
