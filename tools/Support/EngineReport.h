//===- EngineReport.h - What is in an engine ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ENGINEREPORT_H
#define RECKON_TOOLS_SUPPORT_ENGINEREPORT_H

#include "reckon/Engine/EngineFile.h"

namespace reckon::tools {

/// For people.
std::string reportText(const EngineFile &file);
/// For programs: the same facts under stable keys.
std::string reportJson(const EngineFile &file);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ENGINEREPORT_H
