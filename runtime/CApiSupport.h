//===- CApiSupport.h - What the files of the C interface share ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CAPISUPPORT_H
#define RECKON_RUNTIME_CAPISUPPORT_H

#include "EngineHandle.h"
#include "ExecutionContext.h"

#include <algorithm>
#include <cstring>
#include <new>

struct ReckonContext {
  explicit ReckonContext(std::shared_ptr<const reckon::runtime::LoadedEngine> engine) : execution(std::move(engine)) {}
  reckon::runtime::ExecutionContext execution;
  /// Whether a call is under way.
  std::atomic<bool> busy{false};
};

namespace reckon::runtime {

/// Keeps an error for reckon_last_error() and logs it; its code. Takes no memory, which may be what failed.
ReckonStatus fail(ReckonStatus code, const char *message, const char *location = "") noexcept;
inline ReckonStatus fail(const Error &error) noexcept {
  return fail(error.code, error.message.c_str(), error.location.c_str());
}
inline ReckonStatus invalid(const char *message) noexcept { return fail(RECKON_INVALID, message); }

/// Runs `body(error)`; nothing leaves the interface by exception.
template <typename Body> ReckonStatus guarded(Body body) noexcept {
  Error error;
  try {
    return body(error) ? RECKON_OK : fail(error);
  } catch (const std::bad_alloc &) {
    return fail(RECKON_UNAVAILABLE, "out of memory");
  } catch (const std::exception &exception) {
    return fail(RECKON_UNAVAILABLE, exception.what());
  }
}

/// A call that may come while a run is under way on a thread of the engine's, and others that may not.
enum class Calls { AlsoDuringRun, BetweenRuns };

/// The same for a call that changes or reads a context. A context belongs to one thread at a time: a second one that
/// comes in meanwhile gets a status, not half of the first one's bindings.
template <typename Body> ReckonStatus guarded(ReckonContext &context, Calls when, Body body) {
  if (context.busy.exchange(true, std::memory_order_acquire))
    return invalid("the context is in use by another thread: each thread needs a context of its own");
  ReckonStatus status = when == Calls::BetweenRuns && context.execution.isRunning()
                            ? invalid("a run of the context is under way: reckon_synchronize() waits for it")
                            : guarded(body);
  context.busy.store(false, std::memory_order_release);
  return status;
}

/// A caller's struct as this version has it: `known` holds what stands for fields that the caller's does not have yet.
/// Fields that this version does not know must be zero, for it cannot do what they ask.
template <typename Struct> bool copyStruct(const char *name, const void *given, Struct &known, Error &error) {
  size_t size;
  std::memcpy(&size, given, sizeof(size));
  auto *bytes = static_cast<const uint8_t *>(given);
  // Far above any version's, so that a struct that nobody initialised is not read as a long one.
  constexpr size_t mostBytes = 4096;
  if (size <= sizeof(size) || size % alignof(Struct) != 0 || size > mostBytes)
    return error.set(RECKON_INVALID, std::string(name) + ": struct_size is " + std::to_string(size) +
                                         ", expected the size of the struct, " + std::to_string(sizeof(Struct)) +
                                         " in this version");
  for (size_t i = sizeof(Struct); i < size; ++i)
    if (bytes[i] != 0)
      return error.set(RECKON_UNSUPPORTED, std::string(name) + ": a field at offset " + std::to_string(i) +
                                               " is set, which this version (" RECKON_VERSION ") does not know");
  std::memcpy(&known, given, std::min(size, sizeof(Struct)));
  known.struct_size = sizeof(Struct);
  return true;
}

/// Calls `body` with every element of a caller's array, as this version has them. Elements are as long as the first one
/// says; `initial` stands for fields that the caller's do not have.
template <typename Struct, typename Body>
bool forEachStruct(const char *name, const Struct *elements, size_t count, const Struct &initial, Error &error,
                   Body body) {
  auto *next = reinterpret_cast<const uint8_t *>(elements);
  size_t stride = 0, size;
  for (size_t i = 0; i < count; ++i, next += stride) {
    std::memcpy(&size, next, sizeof(size));
    if (i == 0)
      stride = size;
    if (size != stride)
      return error.set(RECKON_INVALID, std::string(name) + " " + std::to_string(i) + ": struct_size is " +
                                           std::to_string(size) + ", and " + std::to_string(stride) +
                                           " in the first one of the array");
    if (size == sizeof(Struct)) {
      if (!body(i, *reinterpret_cast<const Struct *>(next)))
        return false;
      continue;
    }
    Struct known = initial;
    if (!copyStruct(name, next, known, error) || !body(i, known))
      return false;
  }
  return true;
}

/// Fills the caller's struct as far as it goes; `known.struct_size` is not looked at.
template <typename Struct> bool fillStruct(const char *name, const Struct &known, void *given, Error &error) {
  size_t size;
  std::memcpy(&size, given, sizeof(size));
  if (size <= sizeof(size) || size % alignof(Struct) != 0 || size > 4096)
    return error.set(RECKON_INVALID, std::string(name) + ": struct_size is " + std::to_string(size) +
                                         ", expected the size of the struct, " + std::to_string(sizeof(Struct)) +
                                         " in this version");
  size_t filled = std::min(size, sizeof(Struct));
  std::memset(static_cast<uint8_t *>(given) + filled, 0, size - filled);
  std::memcpy(given, &known, filled);
  std::memcpy(given, &size, sizeof(size));
  return true;
}

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_CAPISUPPORT_H
