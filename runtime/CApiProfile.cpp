//===- CApiProfile.cpp - The C interface of profiles -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CApiSupport.h"

using namespace reckon;
using namespace reckon::runtime;

extern "C" {

ReckonStatus reckon_profile(ReckonContext *context, ReckonProfile *profile) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    if (!context->execution.profile(error))
      return false;
    const ProfileReport &report = context->execution.profileReport();
    ReckonProfile result = RECKON_PROFILE_INIT;
    result.total_us = report.total();
    result.num_dispatches = report.numDispatches();
    result.num_events = report.numEvents();
    return !profile || fillStruct("ReckonProfile", result, profile, error);
  });
}

ReckonStatus reckon_profile_dispatch(const ReckonContext *context, size_t index, ReckonDispatchProfile *dispatch) {
  if (!context || !dispatch)
    return invalid("a null argument");
  const ProfileReport &report = context->execution.profileReport();
  if (index >= report.numDispatches())
    return invalid("the profile has no dispatch of that index");
  return guarded(
      [&](Error &error) { return fillStruct("ReckonDispatchProfile", report.dispatch(index), dispatch, error); });
}

ReckonStatus reckon_profile_event(const ReckonContext *context, size_t index, ReckonProfileEvent *event) {
  if (!context || !event)
    return invalid("a null argument");
  const ProfileReport &report = context->execution.profileReport();
  if (index >= report.numEvents())
    return invalid("the profile has no event of that index");
  return guarded([&](Error &error) { return fillStruct("ReckonProfileEvent", report.event(index), event, error); });
}

} // extern "C"
