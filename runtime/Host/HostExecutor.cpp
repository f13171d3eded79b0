//===- Host/HostExecutor.cpp - Running an engine on the CPU ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "HostExecutor.h"
#include "../KernelErrors.h"

#include <algorithm>
#include <optional>

using namespace reckon;
using namespace reckon::runtime;

bool HostExecutor::start(const ExecutorOptions &options, Error &error) {
  dims.resize(program.source.spec.dims.size());
  kernelDims.resize(program.kernelDims.size());
  for (uint32_t o = 0; o < program.operands.size(); ++o) {
    const OperandSpec &operand = *program.operands[o];
    if (operand.space == Space::Input || operand.space == Space::Output)
      ioOperands.push_back({o, operand.index, operand.offset, operand.space == Space::Input});
  }
  for (int t = 0; t < options.threads; ++t) {
    threads.push_back(std::make_unique<Thread>());
    Thread &thread = *threads.back();
    thread.index = static_cast<uint32_t>(t);
    thread.operands.resize(program.maxOperands);
    if (!thread.locals.allocate(program.localBytes))
      return error.set(RECKON_UNAVAILABLE,
                       "out of memory: a thread needs " + std::to_string(program.localBytes) + " bytes");
  }
  pool = options.pool;
  return team.start(*pool, options.threads, options.spinMicroseconds, error);
}

//===-- Plans -----------------------------------------------------------------===//

bool HostExecutor::prepare(const std::vector<int64_t> &values, Error &error) {
  if (values != dims || !current) {
    dims = values;
    for (size_t i = 0; i < kernelDims.size(); ++i)
      kernelDims[i] = dims[program.kernelDims[i]];
  }
  if (!plans.moveTo(values) && current)
    return true;
  current = nullptr;
  Plan *plan = plans.find();
  if (!plan) {
    auto made = std::make_unique<Plan>();
    if (!build(values, *made, error))
      return false;
    plan = plans.insert(std::move(made));
  }
  if (!resolve(*plan, error))
    return false;
  current = plan;
  return true;
}

bool HostExecutor::build(const std::vector<int64_t> &values, Plan &plan, Error &error) const {
  const ProgramSpec &spec = program.source.program;
  if (spec.checked) {
    plan.checked = std::make_unique<CheckedSizes>();
    if (!plan.checked->build(program, values, error))
      return false;
  }
  for (size_t i = 0; i < program.slots.size(); ++i) {
    int64_t size;
    uint64_t rounded;
    if (!program.slots[i].evaluate(values.data(), size) || size < 0 ||
        __builtin_add_overflow(static_cast<uint64_t>(size), uint64_t(63), &rounded))
      return error.set(RECKON_INVALID, "the arena slot of " + spec.slots[i].str() +
                                           " bytes is negative or exceeds 64 bits for these inputs");
    plan.slotOffsets.push_back(plan.arenaBytes);
    if (plan.checked) {
      plan.slotOffsets.back() = plan.checked->arena.part(i).first;
      continue;
    }
    if (__builtin_add_overflow(plan.arenaBytes, rounded / 64 * 64, &plan.arenaBytes))
      return error.set(RECKON_INVALID, "the arena exceeds 64 bits for these inputs");
  }
  if (plan.checked)
    plan.arenaBytes = plan.checked->arena.bytes();
  for (const SizeProgram &scratch : program.scratch) {
    int64_t size;
    if (!scratch.evaluate(values.data(), size) || size < 0)
      return error.set(RECKON_INVALID, "a kernel's scratch is negative or exceeds 64 bits for these inputs");
    plan.scratchBytes = std::max(plan.scratchBytes, size);
  }
  MachineModel machine{team.size(), program.weightBytes, privateCacheBytes()};
  for (size_t c = 0; c < program.chains.size(); ++c) {
    int64_t rows;
    if (!program.chains[c].rows.evaluate(values.data(), rows) || rows < 0 || rows > maxRows)
      return error.set(RECKON_INVALID,
                       "the row count " + spec.chains[c].rows.str() + " is negative or exceeds 2^40 for these inputs");
    plan.chains.push_back(scheduleChain(spec.chains[c], rows, machine));
    plan.nanoseconds += plan.chains.back().nanoseconds;
    plan.isSplit |= plan.chains.back().isSplit();
  }
  plan.operands.resize(program.operands.size());
  return true;
}

bool HostExecutor::resolve(Plan &plan, Error &error) {
  if (plan.arenaBytes > arena.size() || !arena.data()) {
    ++arenaGeneration;
    if (!arena.allocate(plan.arenaBytes))
      return error.set(RECKON_UNAVAILABLE,
                       "out of memory: the arena needs " + std::to_string(plan.arenaBytes) + " bytes for these inputs");
  }
  for (auto &thread : threads)
    if (plan.checked && !thread->checked.allocate(*plan.checked, error))
      return false;
    else if ((static_cast<uint64_t>(plan.scratchBytes) > thread->scratch.size() || !thread->scratch.data()) &&
             !thread->scratch.allocate(plan.scratchBytes))
      return error.set(RECKON_UNAVAILABLE, "out of memory: a thread needs " + std::to_string(plan.scratchBytes) +
                                               " bytes of scratch for these inputs");
  if (plan.arenaGeneration == arenaGeneration)
    return true;
  for (size_t o = 0; o < plan.operands.size(); ++o)
    if (const OperandSpec &operand = *program.operands[o]; operand.space == Space::Arena)
      plan.operands[o] = arena.data() + plan.slotOffsets[operand.index] + operand.offset;
  // Here rather than in the run, since the first time takes memory.
  program.placeWeights();
  plan.arenaGeneration = arenaGeneration;
  return true;
}

void HostExecutor::moveTo(const Snapshot &snapshot, Plan &plan) const {
  const std::vector<const uint8_t *> &weights = snapshot.weights.empty() ? program.placeWeights() : snapshot.weights;
  for (size_t o = 0; o < plan.operands.size(); ++o) {
    const OperandSpec &operand = *program.operands[o];
    if (operand.space == Space::Weight)
      plan.operands[o] = const_cast<uint8_t *>(weights[operand.index] + operand.offset);
    else if (operand.space == Space::Table)
      plan.operands[o] = const_cast<uint8_t *>(snapshot.tables[operand.index] + operand.offset);
  }
  plan.places = snapshot.places;
}

//===-- Running ---------------------------------------------------------------===//

bool HostExecutor::run(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                       const Snapshot &snapshot, const RunControl &runControl, Error &error) {
  control = &runControl;
  // A run this short is over before others would gain from its place, and taking one would be a part of its time.
  std::optional<AdmissionScope> place;
  if (current->nanoseconds >= 2e3 && !place.emplace(pool->admission, team.guest, runControl))
    return runControl.setError(error);
  if (current->places != snapshot.places)
    moveTo(snapshot, *current);
  for (const IoOperand &io : ioOperands) {
    void *base = (io.isInput ? inputs : outputs)[io.index].data;
    current->operands[io.operand] = static_cast<uint8_t *>(base) + io.offset;
  }
  // Threads asleep take tens of microseconds to arrive. A run shorter than that does better alone, unless runs follow
  // each other so closely that threads woken once will be awake for the next.
  wakeThreads = current->isSplit && (current->nanoseconds >= 50e3 || team.recentlyUsed());
  if (current->checked)
    current->checked->arena.poison(arena.data());
  bool success = runChains(error);
  if (current->isSplit)
    team.markUsed();
  return success;
}

bool HostExecutor::runChains(Error &error) {
  bool success = true;
  for (uint32_t c = 0; c < program.chains.size() && success; ++c) {
    const ChainSchedule &schedule = current->chains[c];
    if (schedule.blocks == 0)
      continue;
    if (current->checked)
      for (auto &thread : threads)
        program.chains[c].locals.poison(thread->locals.data());
    if (schedule.splitRows)
      runChainByRows(program.chains[c], schedule);
    else
      runChainInOrder(program.chains[c], schedule);
    success = report(c, error) && checkGuards(c, error);
  }
  // What has been done by then, is done.
  return success && (!control->mustStop() || control->setError(error));
}

bool HostExecutor::profile(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                           const Snapshot &snapshot, const RunControl &control, RunProfile &profile, Error &error) {
  const ProgramSpec &spec = program.source.program;
  for (auto &thread : threads) {
    thread->events.clear();
    thread->hasLostEvents = false;
  }
  clock = {};
  bool success;
  {
    struct Scope {
      bool &flag;
      explicit Scope(bool &flag) : flag(flag) { flag = true; }
      ~Scope() { flag = false; }
    } profiled(isProfiled);
    success = run(inputs, outputs, snapshot, control, error);
  }
  for (auto &thread : threads)
    if (success && thread->hasLostEvents)
      return error.set(RECKON_UNAVAILABLE, "out of memory for what the run is profiled by");
  profile.clear(spec, program.numDispatches);
  profile.total = clock.microseconds();
  for (auto &thread : threads)
    profile.events.insert(profile.events.end(), thread->events.begin(), thread->events.end());
  auto isBefore = [](const RunProfile::Event &a, const RunProfile::Event &b) { return a.begin < b.begin; };
  std::stable_sort(profile.events.begin(), profile.events.end(), isBefore);
  for (size_t c = 0; c < spec.chains.size(); ++c)
    for (size_t d = 0; d < spec.chains[c].dispatches.size() && current->chains[c].blocks != 0; ++d)
      profile.launches[program.chains[c].firstDispatch + d] = {&spec.kernels[spec.chains[c].dispatches[d].kernel],
                                                               nullptr, current->chains[c].rows};
  return success;
}

/// The operands of a dispatch for rows from `firstRow` on: the plan's, or the thread's copy with its locals filled in.
void *const *HostExecutor::operandsFor(Thread &thread, const HostProgram::Dispatch &dispatch, int64_t firstRow) {
  void *const *shared = current->operands.data() + dispatch.firstOperand;
  if (dispatch.locals.empty())
    return shared;
  std::copy_n(shared, dispatch.numOperands, thread.operands.data());
  // Kernels index rows of the whole batch. The shifted address may lie outside the buffer; it is never used as such.
  uintptr_t base = reinterpret_cast<uintptr_t>(thread.locals.data());
  for (const HostProgram::LocalOperand &local : dispatch.locals)
    thread.operands[local.operand] =
        reinterpret_cast<void *>(base + local.offset - static_cast<uint64_t>(firstRow) * local.rowBytes);
  return thread.operands.data();
}

void HostExecutor::call(Thread &thread, const HostProgram::Chain &chain, uint32_t dispatch, void *const *operands,
                        const ReckonRange &range) {
  ReckonKernelStatus status = {};
  const HostProgram::Dispatch &called = chain.dispatches[dispatch];
  const int64_t *values = kernelDims.data() + called.firstDim;
  double begin = isProfiled ? clock.microseconds() : 0;
  if (current->checked)
    status = thread.checked.call(called, *current->checked, operands, values, range, program);
  else
    called.kernel(operands, values, &range, thread.scratch.data(), &status);
  if (isProfiled)
    thread.note(
        {chain.firstDispatch + dispatch, thread.index, begin, clock.microseconds(), range.row_begin, range.row_end});
  if (status.code == RECKON_KERNEL_OK)
    return;
  // Blocks come in any order; the error to report is the first of the first dispatch whatever the threads did.
  Failure &first = thread.failure;
  if (dispatch < first.dispatch || (dispatch == first.dispatch && comesBefore(status, first.status)))
    first = {dispatch, status};
}

void HostExecutor::runBlock(Thread &thread, const HostProgram::Chain &chain, int64_t begin, int64_t end) {
  for (uint32_t d = 0; d < chain.dispatches.size() && !control->mustStop(); ++d) {
    const HostProgram::Dispatch &dispatch = chain.dispatches[d];
    call(thread, chain, d, operandsFor(thread, dispatch, begin), {begin, end, 0, dispatch.columns});
  }
}

void HostExecutor::runChainByRows(const HostProgram::Chain &chain, const ChainSchedule &schedule) {
  const int count = team.size();
  for (int t = 0; t < count; ++t) {
    threads[t]->nextBlock.store(schedule.blocks * t / count, std::memory_order_relaxed);
    threads[t]->endBlock = schedule.blocks * (t + 1) / count;
  }
  auto body = [&](int self) {
    // Its own blocks first, which it may have in its cache from the chain before, then what others have left.
    for (int step = 0; step < count; ++step) {
      Thread &owner = *threads[(self + step) % count];
      for (;;) {
        int64_t block = owner.nextBlock.fetch_add(1, std::memory_order_relaxed);
        if (block >= owner.endBlock)
          break;
        int64_t begin = block * schedule.blockRows;
        runBlock(*threads[self], chain, begin, std::min(begin + schedule.blockRows, schedule.rows));
      }
    }
  };
  team.run(body, wakeThreads);
}

void HostExecutor::runChainInOrder(const HostProgram::Chain &chain, const ChainSchedule &schedule) {
  Thread &caller = *threads[0];
  for (int64_t begin = 0; begin < schedule.rows; begin += schedule.blockRows) {
    int64_t end = std::min(begin + schedule.blockRows, schedule.rows);
    for (uint32_t d = 0; d < chain.dispatches.size() && !control->mustStop(); ++d) {
      void *const *operands = operandsFor(caller, chain.dispatches[d], begin);
      int64_t columns = chain.dispatches[d].columns, parts = schedule.columnParts[d];
      if (parts == 1) {
        call(caller, chain, d, operands, {begin, end, 0, columns});
        continue;
      }
      std::atomic<int64_t> &next = caller.nextBlock;
      next.store(0, std::memory_order_relaxed);
      auto body = [&](int self) {
        for (int64_t part; (part = next.fetch_add(1, std::memory_order_relaxed)) < parts;)
          call(*threads[self], chain, d, operands, {begin, end, columns * part / parts, columns * (part + 1) / parts});
      };
      team.run(body, wakeThreads);
    }
  }
}

bool HostExecutor::report(uint32_t chain, Error &error) {
  Failure first;
  for (auto &thread : threads) {
    Failure &failure = thread->failure;
    if (failure.dispatch < first.dispatch ||
        (failure.dispatch == first.dispatch && comesBefore(failure.status, first.status)))
      first = failure;
    failure = Failure();
  }
  if (first.dispatch == UINT32_MAX)
    return true;
  const DispatchSpec &dispatch = program.source.program.chains[chain].dispatches[first.dispatch];
  return setKernelError(program.source, dispatch, first.status, error);
}

bool HostExecutor::checkGuards(uint32_t chain, Error &error) const {
  if (!current->checked)
    return true;
  const ChainSpec &spec = program.source.program.chains[chain];
  if (auto damage = current->checked->arena.findDamage(arena.data()))
    return setDamageError(program.source, spec, "arena", *damage, error);
  for (const auto &thread : threads)
    if (auto damage = program.chains[chain].locals.findDamage(thread->locals.data()))
      return setDamageError(program.source, spec, "local memory", *damage, error);
  return true;
}
