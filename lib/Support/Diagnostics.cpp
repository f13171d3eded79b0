//===- Diagnostics.cpp - MLIR's diagnostics in the model's words --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Support/Diagnostics.h"
#include "lib/Engine/ShortText.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace reckon;

/// The files and names in a location, in order, each once.
static void collect(mlir::Location location, llvm::SmallVectorImpl<std::string> &parts) {
  auto add = [&](std::string text) {
    if (!llvm::is_contained(parts, text))
      parts.push_back(std::move(text));
  };
  if (auto file = llvm::dyn_cast<mlir::FileLineColLoc>(location)) {
    std::string text = file.getFilename().str();
    // A file as a whole has line 0.
    if (file.getLine() != 0)
      text += ":" + std::to_string(file.getLine()) + ":" + std::to_string(file.getColumn());
    add(text);
  } else if (auto name = llvm::dyn_cast<mlir::NameLoc>(location)) {
    add(name.getName().str());
  } else if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(location)) {
    for (mlir::Location part : fused.getLocations())
      collect(part, parts);
  } else if (auto call = llvm::dyn_cast<mlir::CallSiteLoc>(location)) {
    collect(call.getCallee(), parts);
  }
}

std::string reckon::describe(mlir::Location location) {
  llvm::SmallVector<std::string> parts;
  collect(location, parts);
  constexpr size_t most = 4;
  std::string text = llvm::join(llvm::ArrayRef(parts).take_front(most), ", ");
  if (parts.size() > most)
    text += " and " + std::to_string(parts.size() - most) + " more";
  return text;
}

static const char *severity(const mlir::Diagnostic &diagnostic) {
  switch (diagnostic.getSeverity()) {
  case mlir::DiagnosticSeverity::Note:
    return "note";
  case mlir::DiagnosticSeverity::Warning:
    return "warning";
  case mlir::DiagnosticSeverity::Error:
    return "error";
  case mlir::DiagnosticSeverity::Remark:
    return "remark";
  }
  return "error";
}

void reckon::printDiagnostics(mlir::MLIRContext &context, std::string tool) {
  context.getDiagEngine().registerHandler([tool = std::move(tool)](mlir::Diagnostic &diagnostic) {
    auto print = [&](const mlir::Diagnostic &message) {
      std::string where = shortenNames(describe(message.getLocation()));
      llvm::errs() << tool << ": " << severity(message) << ": " << where << (where.empty() ? "" : ": ")
                   << shortenNames(message.str()) << '\n';
    };
    print(diagnostic);
    for (const mlir::Diagnostic &note : diagnostic.getNotes())
      print(note);
  });
}
