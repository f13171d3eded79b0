//===- Passes.td - Passes of the schedule phase -----------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_PASSES
#define RECKON_PASSES_SCHEDULE_PASSES

include "mlir/Pass/PassBase.td"

class Schedule_Pass<string flag, string op> : Pass<flag, op> {
  let dependentDialects = ["::reckon::plan::PlanDialect"];
}

def DeriveSizeRequirements : Schedule_Pass<"rec-derive-size-requirements", "::mlir::func::FuncOp"> {
  let summary = "Write down what the ops to be run need of the sizes";
  let description = [{
    Asks every op, those in fusion regions too, through SizeRequirementOpInterface. What cannot be proved and is not among the
    function's `rec.requirements` is added to them. Import has written down there what the model needs; this pass adds what
    a rewrite assumed, so that no kernel that is run reads or writes outside its operands at any sizes.

    Requires: the fuse phase.
    Guarantees: where all of `rec.requirements` hold, so does every condition that an op of the function states.
    Does not: fail, or drop a requirement.

    Example: test/passes/Schedule/derive-size-requirements.mlir
  }];
  let statistics = [
    Statistic<"numRecorded", "recorded", "Requirements that were there">,
    Statistic<"numProven", "proven", "Conditions that hold whatever the dimensions are">,
    Statistic<"numAdded", "added", "Requirements that only the ops to be run have">
  ];
}

def OutlineKernels : Schedule_Pass<"plan-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn the fused model into a program that dispatches kernels on buffers";
  let description = [{
    The function becomes a `plan.program`: its arguments, results, constants and the values between regions become buffers,
    its regions kernels and dispatches. A join is one buffer whose slices its producers write. A region that only reshapes
    a dense value becomes a view where nothing else claims its memory, and one that only takes neighbours along an axis of a
    value of the run a slice of that, which its readers read in place. Constants read by lookups alone are tables.
    Regions that differ in names only, or in which tables they read, share a kernel.

    Requires: the fuse phase; one function in the module; every size known by name.
    Guarantees: no tensors outside kernels, weights and tables; dispatches in an order in which they can run; `dims` of
    the program: the named dimensions in the order the arguments mention them, then `rows:<table>` of every table; of a
    kernel: the named dimensions, then the row counts of the tables that it reads.
    Does not: decide where buffers lie, how weights are packed, or what runs without a barrier.

    With `row-alignment`, a matrix inside the run that a GEMM reads is a slice of a wider buffer whose rows begin at
    multiples of so many bytes, as wide loads and bulk copies want them, or of up to 128 where rows grow by no more than an
    eighth.

    Example: test/passes/Schedule/outline-kernels.mlir
  }];
  let options = [Option<"rowAlignment", "row-alignment", "int64_t", /*default=*/"0",
                        "Bytes that rows read by GEMMs begin at multiples of; 0 leaves values dense">];
  let statistics = [
    Statistic<"numKernels", "kernels", "Kernels">,
    Statistic<"numDispatches", "dispatches", "Dispatches">,
    Statistic<"numViews", "views", "Reshapes and slices that became views">,
    Statistic<"numPadded", "padded", "Values whose rows were padded">
  ];
}

def PackWeights : Schedule_Pass<"plan-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Choose how the weights of GEMM kernels are stored";
  let description = [{
    A weight of N columns that a kernel of kind gemm multiplies by is stored in panels of `panel-width` columns, or by
    columns when N is small; so is the recurrence of a recurrent layer, in panels always. A weight that is read in several ways is stored once for each. In other kernels the weight of
    a convolution and a constant matrix on the left of a product are stored by columns: what the product computes side by
    side then lies side by side.

    Requires: plan-outline-kernels.
    Guarantees: the packing of each weight is the one that every kernel that reads it names for that input.
    Does not: move data; the emit phase packs.

    Example: test/passes/Schedule/pack-weights.mlir
  }];
  let options = [
    Option<"panelWidth", "panel-width", "int64_t", /*default=*/"32", "Columns of a panel: the register tile's">,
    Option<"minColumns", "min-columns", "int64_t", /*default=*/"8", "From how many columns on panels are used">
  ];
  let statistics = [
    Statistic<"numPanels", "panels", "Weights stored in panels">,
    Statistic<"numColumns", "columns", "Weights stored by columns">,
    Statistic<"numTurned", "turned", "Left-hand weights and those of convolutions stored by columns">
  ];
}

def ChooseLaunches : Schedule_Pass<"plan-choose-launches", "::mlir::ModuleOp"> {
  let summary = "Choose the launches that GPU linear layers get";
  let description = [{
    A linear layer gets the kernels that the cost model thinks best for some number of rows
    (lib/Tiling/LinearChoice.h). With `all-candidates` it gets those that may be best, too, and a launch of a
    library where that could run it, for reckon-tune to time; the program's `candidates` is then a number that programs
    with the same candidates share. With `timing-cache` only the launches that the cache found fastest are left. The
    choice is the kernel's `choices`; weights are packed and code is made for these alone. Every kernel gets `aligned`
    and `constant`: for each operand, whether it starts at a multiple of 16 bytes, and whether nothing writes it during a
    run, in all dispatches.

    Requires: plan-outline-kernels.
    Guarantees: every kernel that leaves a choice has `choices`, of which the last is generated and takes any number of
    rows.
    Does not: look at launches of other kernels; pack weights or make code.

    Example: test/passes/Schedule/choose-launches.mlir
  }];
  let options = [
    Option<"arch", "arch", "std::string", "::reckon::GpuTarget::defaultArch()",
           "The GPU architecture: a name of lib/Target/GpuTarget.cpp">,
    Option<"allCandidates", "all-candidates", "bool", /*default=*/"false",
           "Launches that only measuring can choose, too">,
    Option<"timingCache", "timing-cache", "std::string", /*default=*/"\"\"", "A file of reckon-tune to choose by">
  ];
  let statistics = [
    Statistic<"numLaunches", "launches", "Launches of kernels that leave a choice">,
    Statistic<"numLibrary", "library", "Launches of a library among them">,
    Statistic<"numTimed", "timed", "Kernels whose launches a timing cache chose">
  ];
}

def PackDeviceWeights : Schedule_Pass<"plan-pack-device-weights", "::mlir::ModuleOp"> {
  let summary = "Choose how the weights of GPU linear layers are stored";
  let description = [{
    The launches of a linear layer may read its weight in different orders (lib/Packing/TensorCorePacking.h). The
    kernel's weight gets the first packing; each further one is an input of its own, of the same type, that the body does
    not read; among them is the model's own order where a library may run the layer. Packings that no launch reads are
    not stored.

    Requires: plan-choose-launches; without its `choices` the cost model is asked.
    Guarantees: the packing of each weight is the one that every kernel that reads it names for that input.
    Does not: move data; the emit phase packs.

    Example: test/passes/Schedule/pack-device-weights.mlir
  }];
  let options = [
    Option<"arch", "arch", "std::string", "::reckon::GpuTarget::defaultArch()",
           "The GPU architecture: a name of lib/Target/GpuTarget.cpp">
  ];
  let statistics = [
    Statistic<"numPacked", "packed", "Weights stored in an order for a GPU kernel">,
    Statistic<"numAlternatives", "alternatives", "Further packings of weights">
  ];
}

def CoverLinearChains : Schedule_Pass<"plan-cover-linear-chains", "::mlir::ModuleOp"> {
  let summary = "Add dispatches that run several linear layers as one kernel for few rows";
  let description = [{
    Dispatches of single linear layers in half precision, each of whose results only the next one reads, get one more
    behind the last of them: its kernel has all layers in its body and keeps the values between them on chip
    (lib/Tiling/ChainLayout.h). It covers them for few rows, up to the kernel's `chain_rows`, as far as the cost
    model finds it faster; where only a part of a run of layers pays, that part is covered, and so is only the part before
    a layer whose epilogue reads what is computed meanwhile. Weights are packed as `mma`. Needs clusters of 16 blocks: nothing happens for architectures without them.

    Requires: plan-pack-device-weights.
    Guarantees: a dispatch with `covers` reads what its covered dispatches read and writes what the last of them writes.
    Does not: remove or change other dispatches.

    Example: test/passes/Schedule/cover-linear-chains.mlir
  }];
  let options = [
    Option<"arch", "arch", "std::string", "::reckon::GpuTarget::defaultArch()",
           "The GPU architecture: a name of lib/Target/GpuTarget.cpp">
  ];
  let statistics = [
    Statistic<"numChains", "chains", "Dispatches that cover others">,
    Statistic<"numCovered", "covered", "Dispatches covered">
  ];
}

def CoverLinearStacks : Schedule_Pass<"plan-cover-linear-stacks", "::mlir::ModuleOp"> {
  let summary = "Add dispatches that run small linear layers as one kernel for many rows";
  let description = [{
    Dispatches of single linear layers in half precision, each of whose results only the next one reads, the first of
    which has a short inner dimension and the others few columns, get one more behind the last of them: its kernel takes
    each row through all layers without storing what is between them (lib/Tiling/StackLayout.h). It covers them
    for many rows, from the kernel's `stack_rows` on, which is where the cost model finds it faster. Needs the
    wgmma instructions: nothing happens for architectures without them.

    Requires: plan-pack-device-weights; behind plan-cover-linear-chains, if that runs.
    Guarantees: a dispatch with `covers` reads what its covered dispatches read and writes what the last of them writes;
    of several that cover a dispatch only one is for a number of rows.
    Does not: remove or change other dispatches.

    Example: test/passes/Schedule/cover-linear-stacks.mlir
  }];
  let options = [
    Option<"arch", "arch", "std::string", "::reckon::GpuTarget::defaultArch()",
           "The GPU architecture: a name of lib/Target/GpuTarget.cpp">
  ];
  let statistics = [
    Statistic<"numStacks", "stacks", "Dispatches that cover others">,
    Statistic<"numCovered", "covered", "Dispatches covered">
  ];
}

def EstimateCosts : Schedule_Pass<"plan-estimate-costs", "::mlir::ModuleOp"> {
  let summary = "Fill in the cost model of every dispatch";
  let description = [{
    `flops_per_row` counts floating-point operations, a named dimension other than the leading one taken as 16;
    `bytes_fixed` the bytes of all inputs that are not read by row, tables left out; `columns` the column blocks of a
    kernel with a single linear layer stored in panels.

    Requires: plan-pack-weights.
    Guarantees: the three attributes are present where they are not the default.
    Does not: measure anything.

    Example: test/passes/Schedule/estimate-costs.mlir
  }];
}

def FormChains : Schedule_Pass<"plan-form-chains", "::reckon::plan::ProgramOp"> {
  let summary = "Group dispatches that a block of rows can pass through without a barrier";
  let description = [{
    Dispatches of one row expression form a chain as long as none reads, other than by row, what the chain wrote. The
    order is chosen so that chains become long: what does not have the program's most frequent row expression runs as
    early as it can.

    Requires: plan-outline-kernels.
    Guarantees: every dispatch lies in a chain; what a dispatch reads was written in an earlier chain, or earlier in its
    own chain and is read by row.
    With `single` every dispatch is a chain of its own, in the program's order: for devices that launch one after another.

    Does not: choose the size of a block.

    Example: test/passes/Schedule/form-chains.mlir
  }];
  let options = [Option<"single", "single", "bool", /*default=*/"false", "One dispatch a chain">];
  let statistics = [
    Statistic<"numChains", "chains", "Chains">,
    Statistic<"numFollowing", "following", "Dispatches that follow another one in their chain">
  ];
}

def AssignBuffers : Schedule_Pass<"plan-assign-buffers", "::reckon::plan::ProgramOp"> {
  let summary = "Give every buffer a slot in the arena or in a thread's local memory";
  let description = [{
    A buffer of the chain's rows that one chain alone touches, and whose rows have a constant size, is local: a thread
    keeps one block of it. All others lie in the arena. Buffers whose lives do not overlap share slots: local ones count
    dispatches, arena ones chains. Two sizes share an arena slot only if one is provably no larger than the other. The
    blocks of a chain are as large as keeps a thread's local memory within `local-bytes`, with a layer that takes blocks of
    rows (`TakesRowBlocks`) or a GEMM kernel as many at least as make 12 rows of its matrix.

    Requires: plan-form-chains.
    Guarantees: every `plan.alloc` has a slot; the program lists the slots' sizes and the bytes without sharing; every
    chain has a block size between 1 and 240 rows.
    Does not: place inputs, outputs, weights and tables.

    Example: test/passes/Schedule/assign-buffers.mlir
  }];
  let options = [Option<"localBytes", "local-bytes", "int64_t", /*default=*/"768 * 1024",
                        "Local memory a thread's block should stay within: its share of the second-level cache">,
                 Option<"allowLocal", "allow-local", "bool", /*default=*/"true", "Whether threads have local memory">,
                 Option<"shareSlots", "share-slots", "bool", /*default=*/"true",
                        "Whether buffers that do not live at the same time may have one slot">];
  let statistics = [
    Statistic<"numLocal", "local", "Buffers in local memory">,
    Statistic<"numArena", "arena", "Buffers in the arena">,
    Statistic<"numSlots", "slots", "Slots of the arena">,
    Statistic<"numLocalSlots", "local-slots", "Slots of local memory">,
    Statistic<"arenaBytes", "arena-bytes", "Bytes of the arena, every dimension 64">,
    Statistic<"localRowBytes", "local-row-bytes", "Bytes of local memory for each row of a block">,
    Statistic<"unsharedBytes", "unshared-bytes", "Bytes of all buffers without sharing, every dimension 64">
  ];
}

def VerifyScheduled : Schedule_Pass<"plan-verify-scheduled", "::mlir::ModuleOp"> {
  let summary = "Check the invariant of the schedule phase";
  let description = [{
    One program; every buffer has a place whose size is an expression in the program's dimensions; every dispatch lies in
    a chain of its row expression and reads what is already written; no tensors outside kernels, weights and tables. What layers,
    sizes of buffers and views need of the dimensions is proved or among the program's requirements.

    Example: test/passes/Schedule/verify-scheduled.mlir
  }];
}

#endif // RECKON_PASSES_SCHEDULE_PASSES
