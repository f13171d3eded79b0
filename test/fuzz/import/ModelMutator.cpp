//===- ModelMutator.cpp - Mutants of ONNX models that still parse -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "ModelMutator.h"

#include <limits>

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

class Mutator {
public:
  Mutator(Message &root, std::mt19937 &random) : random(random) { collect(root); }

  void mutate() {
    Message &message = *pick(messages);
    const Reflection *reflection = message.GetReflection();
    std::vector<const FieldDescriptor *> fields;
    reflection->ListFields(message, &fields);
    // Now and then a field that is not there.
    const auto *descriptor = message.GetDescriptor();
    if (fields.empty() || below(8) == 0)
      fields = {descriptor->field(below(descriptor->field_count()))};
    const FieldDescriptor *field = pick(fields);
    if (field->is_repeated())
      mutateList(message, field);
    else if (below(16) == 0)
      reflection->ClearField(&message, field);
    else
      mutateValue(message, field);
  }

private:
  size_t below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random); }
  template <typename T> T pick(const std::vector<T> &from) { return from[below(from.size())]; }

  void collect(Message &message) {
    messages.push_back(&message);
    const Reflection *reflection = message.GetReflection();
    std::vector<const FieldDescriptor *> fields;
    reflection->ListFields(message, &fields);
    for (const FieldDescriptor *field : fields) {
      bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      bool isString = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        if (isMessage)
          collect(field->is_repeated() ? *reflection->MutableRepeatedMessage(&message, field, i)
                                       : *reflection->MutableMessage(&message, field));
        else if (isString && field->type() == FieldDescriptor::TYPE_STRING)
          strings.push_back(field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                                 : reflection->GetString(message, field));
      }
    }
  }

  int64_t number(int64_t old) {
    const int64_t edges[] = {-1, 0,    1,         2,         3,         7,         16,
                             64, 4096, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, int64_t(1) << 40};
    switch (below(4)) {
    case 0:
      return int64_t(uint64_t(old) + 1);
    case 1:
      return int64_t(uint64_t(old) - 1);
    default:
      return edges[below(std::size(edges))];
    }
  }

  double real(double old) {
    const double edges[] = {0,
                            -0.0,
                            1,
                            -1,
                            0.5,
                            1e-30,
                            1e30,
                            std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN(),
                            old * 2};
    return edges[below(std::size(edges))];
  }

  std::string text(const std::string &old) {
    static const std::vector<std::string> operators = {
        "Add",     "Reshape",  "Slice",     "Gather",  "Concat",   "Expand",  "Range",  "Tile",     "Pad",
        "TopK",    "Split",    "Einsum",    "Conv",    "MaxPool",  "MatMul",  "Gemm",   "Softmax",  "ReduceSum",
        "Squeeze", "Shape",    "Size",      "Where",   "OneHot",   "Trilu",   "If",     "Loop",     "SequenceAt",
        "Cast",    "GatherND", "ScatterND", "Flatten", "Compress", "EyeLike", "CumSum", "Identity", "ConvTranspose",
        "Mul",     "Div",      "Unsqueeze", "Equal",   "Dropout",  "Hardmax", "LRN",    "Constant", "ConstantOfShape"};
    switch (below(8)) {
    case 0:
      return pick(operators);
    case 1:
      return "";
    case 2:
      return old + "x";
    default:
      return strings.empty() ? old : pick(strings);
    }
  }

  void mutateValue(Message &message, const FieldDescriptor *field) {
    const Reflection *r = message.GetReflection();
    switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return r->SetInt32(&message, field, int32_t(number(r->GetInt32(message, field))));
    case FieldDescriptor::CPPTYPE_INT64:
      return r->SetInt64(&message, field, number(r->GetInt64(message, field)));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return r->SetFloat(&message, field, float(real(r->GetFloat(message, field))));
    case FieldDescriptor::CPPTYPE_ENUM:
      return r->SetEnumValue(&message, field, int(below(24)));
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES)
        return r->SetString(&message, field, bytes(r->GetString(message, field)));
      return r->SetString(&message, field, text(r->GetString(message, field)));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      r->MutableMessage(&message, field);
      return;
    default:
      return;
    }
  }

  std::string bytes(std::string old) {
    if (old.empty() || below(4) == 0)
      old.push_back(char(below(256)));
    else if (below(4) == 0)
      old.pop_back();
    else
      old[below(old.size())] = char(below(256));
    return old;
  }

  void mutateList(Message &message, const FieldDescriptor *field) {
    const Reflection *r = message.GetReflection();
    int count = r->FieldSize(message, field);
    bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (count > 0 && below(4) == 0)
      return r->RemoveLast(&message, field);
    if (count > 1 && below(4) == 0)
      return r->SwapElements(&message, field, int(below(count)), int(below(count)));
    if (isMessage) {
      if (count > 0 && count < 64) {
        // Before adding: growing the list moves no message, but the source must be read first.
        const Message &source = r->GetRepeatedMessage(message, field, int(below(count)));
        r->AddMessage(&message, field)->CopyFrom(source);
      }
      return;
    }
    size_t at = count ? below(count) : 0;
    bool adds = count == 0 || (below(4) == 0 && count < 256);
    switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t value = int32_t(number(count ? r->GetRepeatedInt32(message, field, at) : 0));
      return adds ? r->AddInt32(&message, field, value) : r->SetRepeatedInt32(&message, field, at, value);
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t value = number(count ? r->GetRepeatedInt64(message, field, at) : 0);
      return adds ? r->AddInt64(&message, field, value) : r->SetRepeatedInt64(&message, field, at, value);
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      float value = float(real(count ? r->GetRepeatedFloat(message, field, at) : 0));
      return adds ? r->AddFloat(&message, field, value) : r->SetRepeatedFloat(&message, field, at, value);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value = text(count ? r->GetRepeatedString(message, field, at) : "");
      return adds ? r->AddString(&message, field, value) : r->SetRepeatedString(&message, field, at, value);
    }
    default:
      return;
    }
  }

  std::mt19937 &random;
  std::vector<Message *> messages;
  std::vector<std::string> strings;
};

} // namespace

void reckon::fuzz::mutateModel(onnx::ModelProto &model, std::mt19937 &random) {
  for (size_t changes = 1 + random() % 3; changes > 0; --changes)
    Mutator(model, random).mutate();
}
