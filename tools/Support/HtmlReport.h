//===- HtmlReport.h - An engine as a page ---------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_HTMLREPORT_H
#define RECKON_TOOLS_SUPPORT_HTMLREPORT_H

#include "reckon/Engine/EngineFile.h"

namespace reckon::tools {

struct HtmlOptions {
  std::string title;   // the engine's file
  int64_t batch = 64;  // that sizes are shown for
  std::string profile; // what reckon-bench --profile wrote; empty: no times
};

/// A page of its own, which needs nothing beside it: the graph before and after fusion, kernels, memory over time,
/// tables. False with the reason in `error` when the sizes of the batch are not known.
bool reportHtml(const EngineFile &file, const HtmlOptions &options, std::string &page, std::string &error);

/// The page without data; `%DATA%`, `%PROFILE%` and `%TITLE%` stand for them.
extern const char htmlPage[];

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_HTMLREPORT_H
