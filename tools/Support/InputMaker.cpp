//===- InputMaker.cpp - Made-up inputs that an engine accepts -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "InputMaker.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace reckon;
using namespace reckon::tools;

//===-- Ids -------------------------------------------------------------------===//

// Zipf by rejection from the integral of x^-s (Hörmann and Derflinger 1996): constant time whatever the rows.
IdSampler::IdSampler(uint64_t rows, double exponent) : rows(rows), stride(1), exponent(exponent) {
  if (exponent == 0)
    return;
  low = integral(0.5);
  high = integral(static_cast<double>(rows) + 0.5);
  // Popular ids are spread over the table, as real ones are.
  stride = static_cast<uint64_t>(static_cast<double>(rows) * 0.6180339887) | 1;
  while (std::gcd(stride, rows) != 1)
    stride += 2;
}

double IdSampler::integral(double x) const {
  double power = 1 - exponent;
  return std::fabs(power) < 1e-12 ? std::log(x) : (std::pow(x, power) - 1) / power;
}

double IdSampler::inverse(double value) const {
  double power = 1 - exponent;
  return std::fabs(power) < 1e-12 ? std::exp(value) : std::pow(std::max(1 + value * power, 0.0), 1 / power);
}

uint64_t IdSampler::draw(Random &random) const {
  if (exponent == 0)
    return random.below(rows);
  for (;;) {
    double at = low + random.unit() * (high - low);
    double rank = std::min(std::max(std::round(inverse(at)), 1.0), static_cast<double>(rows));
    // Accepted where the bar of the rank lies under the curve.
    if (at >= integral(rank + 0.5) - std::pow(rank, -exponent))
      return static_cast<uint64_t>((static_cast<unsigned __int128>(rank - 1) * stride) % rows);
  }
}

//===-- Dimensions ------------------------------------------------------------===//

InputMaker::InputMaker(const EngineSpec &spec, std::vector<int64_t> rows)
    : spec(spec), values(spec.dims.size(), -1), tableRows(std::move(rows)) {}

size_t InputMaker::index(std::string_view dim) const {
  return std::find(spec.dims.begin(), spec.dims.end(), dim) - spec.dims.begin();
}

std::optional<int64_t> InputMaker::evaluate(const SizeExpr &size) const {
  return size.evaluate([&](std::string_view name) -> std::optional<int64_t> {
    size_t at = index(name);
    if (at >= values.size() || values[at] < 0)
      return std::nullopt;
    return values[at];
  });
}

std::optional<int64_t> InputMaker::fixedBatch() const {
  std::optional<int64_t> batch;
  for (const TensorInfo &input : spec.inputs) {
    for (const SizeExpr &size : input.shape)
      if (!size.isConstant())
        return std::nullopt;
    if (!input.shape.empty() && !batch)
      batch = input.shape.front().constant();
  }
  return batch;
}

bool InputMaker::chooseDims(const InputOptions &options, std::string &error) {
  std::fill(values.begin(), values.end(), -1);
  for (size_t t = 0; t < spec.tables.size(); ++t)
    values[spec.tables[t].rowsDim] = tableRows[t];
  size_t batch = index("batch");
  if (batch == values.size())
    for (const TensorInfo &input : spec.inputs)
      for (const SizeExpr &size : input.shape)
        if (auto name = size.asDim(); name && batch == values.size())
          batch = index(*name);
  if (batch < values.size())
    values[batch] = options.batch;
  for (const auto &[name, size] : options.dims) {
    size_t at = index(name);
    auto value = size.evaluate([&](std::string_view used) -> std::optional<int64_t> {
      return used == "batch" ? std::optional<int64_t>(options.batch) : std::nullopt;
    });
    if (at == values.size()) {
      error = "--dim: the engine has no dimension '" + name + "'";
      return false;
    }
    if (!value || *value < 0) {
      error = "--dim: '" + size.str() + "' is not a size; it may use numbers and 'batch'";
      return false;
    }
    values[at] = *value;
  }
  // An axis that is linear in one unknown dimension, set to have `extent` elements.
  auto choose = [&](const SizeExpr &size, int64_t extent) {
    auto linear = asLinear(size);
    if (!linear || values[index(linear->dim)] >= 0)
      return;
    values[index(linear->dim)] = std::max<int64_t>((extent - linear->offset) / linear->scale, 0);
  };
  for (const OffsetsUse &use : spec.offsetsUses) {
    const TensorInfo &offsets = spec.inputs[use.input], &ids = spec.inputs[use.ids];
    if (!offsets.shape.empty())
      choose(offsets.shape.back(), options.batch + use.includeLast);
    auto bags = offsets.shape.empty() ? std::nullopt : evaluate(offsets.shape.back());
    if (bags && !ids.shape.empty())
      choose(ids.shape.back(),
             static_cast<int64_t>(std::llround(options.bagLength * static_cast<double>(*bags - use.includeLast))));
  }
  std::string missing;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] < 0)
      missing += (missing.empty() ? "'" : ", '") + spec.dims[i] + "'";
  if (!missing.empty())
    error = "give a size with --dim NAME=SIZE for the dimension " + missing;
  return missing.empty();
}

//===-- Values ----------------------------------------------------------------===//

static void storeInteger(ReckonElementType type, void *data, uint64_t index, uint64_t value) {
  size_t width = reckon_element_size(type);
  std::memcpy(static_cast<uint8_t *>(data) + index * width, &value, width);
}

bool InputMaker::fillIds(const InputOptions &options, size_t input, Random &random, HostTensor &tensor,
                         std::string &error) const {
  uint64_t columns = tensor.shape.empty() ? 1 : static_cast<uint64_t>(tensor.shape.back());
  uint64_t elements = tensor.data.size() / reckon_element_size(tensor.type);
  if (elements == 0)
    return true;
  std::vector<uint64_t> bounds(columns, 2);
  std::vector<bool> bounded(columns);
  for (const IdUse &use : spec.idUses) {
    if (use.input != input)
      continue;
    auto bound = evaluate(use.bound);
    if (!bound || *bound <= 0) {
      error = "input '" + tensor.name + "': there are no ids in [0, " + use.bound.str() + ")";
      return false;
    }
    uint64_t last =
        use.count == 0 || use.count > columns - std::min(use.first, columns) ? columns : use.first + use.count;
    for (uint64_t c = use.first; c < last; ++c) {
      bounds[c] = bounded[c] ? std::min(bounds[c], static_cast<uint64_t>(*bound)) : static_cast<uint64_t>(*bound);
      bounded[c] = true;
    }
  }
  std::map<uint64_t, IdSampler> samplers;
  std::vector<const IdSampler *> byColumn;
  for (uint64_t c = 0; c < columns; ++c)
    byColumn.push_back(&samplers.try_emplace(bounds[c], bounds[c], bounded[c] ? options.zipf : 0).first->second);
  for (uint64_t i = 0; i < elements; ++i)
    storeInteger(tensor.type, tensor.data.data(), i, byColumn[i % columns]->draw(random));
  return true;
}

void InputMaker::fillOffsets(const OffsetsUse &use, Random &random, HostTensor &tensor, int64_t ids) const {
  uint64_t count = tensor.data.size() / reckon_element_size(tensor.type);
  if (count == 0)
    return;
  uint64_t bags = use.includeLast ? count - 1 : count;
  std::vector<uint64_t> starts(bags);
  for (uint64_t &start : starts)
    start = random.below(static_cast<uint64_t>(ids) + 1);
  std::sort(starts.begin(), starts.end());
  if (bags)
    starts[0] = 0;
  for (uint64_t i = 0; i < bags; ++i)
    storeInteger(tensor.type, tensor.data.data(), i, starts[i]);
  if (use.includeLast)
    storeInteger(tensor.type, tensor.data.data(), bags, static_cast<uint64_t>(bags ? ids : 0));
}

bool InputMaker::make(const InputOptions &options, uint64_t set, std::vector<HostTensor> &inputs,
                      std::string &error) const {
  inputs.resize(spec.inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorInfo &info = spec.inputs[i];
    HostTensor &tensor = inputs[i];
    tensor.name = info.name;
    tensor.type = static_cast<ReckonElementType>(info.type);
    tensor.shape.clear();
    for (const SizeExpr &size : info.shape)
      tensor.shape.push_back(evaluate(size).value_or(-1));
    uint64_t elements;
    if (!HostTensor::elementCount(tensor.shape, elements)) {
      error = "input '" + info.name + "': the shape " + shapeText(tensor.shape) + " is not possible";
      return false;
    }
    tensor.data.resize(elements * elementSize(info.type));
    uint64_t seed = options.seed * 0x9e3779b97f4a7c15 + set * 1000003 + i;
    Random random(seed);
    if (isFloat(tensor.type) || tensor.type == RECKON_BOOL)
      fillRandom(info.type, tensor.data.data(), elements, seed);
    else if (!fillIds(options, i, random, tensor, error))
      return false;
  }
  for (const OffsetsUse &use : spec.offsetsUses) {
    Random random(options.seed + set * 7919 + use.input);
    const HostTensor &ids = inputs[use.ids];
    fillOffsets(use, random, inputs[use.input], static_cast<int64_t>(ids.data.size() / reckon_element_size(ids.type)));
  }
  return true;
}
