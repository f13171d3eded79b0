//===- TimingCache.cpp - How long the launches of an engine take ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "reckon/Engine/TimingCache.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

using namespace reckon;

static constexpr std::string_view firstLine = "reckon-timing-cache 1";
static constexpr uint64_t allRows = UINT64_MAX;

std::string reckon::launchName(const ProgramSpec &program, const LaunchSpec &launch) {
  return launch.library.empty() ? program.kernels[launch.kernel].symbol : launch.library;
}

//===-- Text ------------------------------------------------------------------===//

std::string reckon::formatTimingCache(const TimingCache &cache) {
  char buffer[64];
  std::string text(firstLine);
  text += "\ndevice " + cache.device + "\ndriver " + cache.driver + "\n";
  std::snprintf(buffer, sizeof(buffer), "kernels %016llx\n", static_cast<unsigned long long>(cache.kernels));
  text += buffer;
  for (const TimingCache::Dispatch &dispatch : cache.dispatches) {
    text += "dispatch " + dispatch.kernel + "\n";
    for (const TimingCache::Candidate &candidate : dispatch.candidates) {
      text += "  launch " + candidate.name;
      for (const TimingCache::Time &time : candidate.times) {
        std::snprintf(buffer, sizeof(buffer), " %llu:%.3f", static_cast<unsigned long long>(time.rows),
                      time.microseconds);
        text += buffer;
      }
      text += "\n";
    }
  }
  return text;
}

namespace {
/// One line after another, and the words of a line.
class LineReader {
public:
  explicit LineReader(std::string_view text) : rest(text) {}

  bool next() {
    if (rest.empty())
      return false;
    size_t end = std::min(rest.find('\n'), rest.size());
    line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    return true;
  }
  std::string_view word() {
    size_t begin = std::min(line.find_first_not_of(' '), line.size());
    size_t end = std::min(line.find(' ', begin), line.size());
    std::string_view result = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return result;
  }
  /// What follows the words taken, without the space before it.
  std::string_view remainder() { return line.substr(std::min<size_t>(1, line.size())); }

  std::string_view line;
  unsigned number = 0;

private:
  std::string_view rest;
};
} // namespace

template <typename T> static bool readNumber(std::string_view text, T &value, int base) {
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return failure == std::errc() && end == text.data() + text.size() && !text.empty();
}

static bool readTime(std::string_view text, TimingCache::Time &time) {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || !readNumber(text.substr(0, colon), time.rows, 10) || time.rows == 0)
    return false;
  auto [end, failure] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), time.microseconds);
  return failure == std::errc() && end == text.data() + text.size() && std::isfinite(time.microseconds) &&
         time.microseconds >= 0;
}

static bool readCandidate(LineReader &reader, TimingCache::Candidate &candidate) {
  candidate.name = reader.word();
  for (std::string_view word = reader.word(); !word.empty(); word = reader.word()) {
    TimingCache::Time time = {};
    if (!readTime(word, time) || (!candidate.times.empty() && candidate.times.back().rows >= time.rows))
      return false;
    candidate.times.push_back(time);
  }
  return !candidate.name.empty();
}

std::optional<TimingCache> reckon::parseTimingCache(std::string_view text, std::string *error) {
  LineReader reader(text);
  auto fail = [&](const std::string &reason) -> std::optional<TimingCache> {
    if (error)
      *error = "line " + std::to_string(std::max(reader.number, 1u)) + ": " + reason;
    return std::nullopt;
  };
  if (!reader.next() || reader.line != firstLine)
    return fail("this is no timing cache of this version, which begins with '" + std::string(firstLine) + "'");
  TimingCache cache;
  bool hasKernels = false;
  while (reader.next()) {
    std::string_view key = reader.word();
    if (key.empty() || key[0] == '#')
      continue;
    if (key == "device") {
      cache.device = reader.remainder();
    } else if (key == "driver") {
      cache.driver = reader.remainder();
    } else if (key == "kernels") {
      hasKernels = readNumber(reader.word(), cache.kernels, 16);
      if (!hasKernels)
        return fail("expected 'kernels' and a hexadecimal number");
    } else if (key == "dispatch") {
      cache.dispatches.push_back({std::string(reader.word()), {}});
      if (cache.dispatches.back().kernel.empty())
        return fail("expected 'dispatch' and the name of a kernel");
    } else if (key == "launch") {
      if (cache.dispatches.empty())
        return fail("a launch before the first dispatch");
      cache.dispatches.back().candidates.emplace_back();
      if (!readCandidate(reader, cache.dispatches.back().candidates.back()))
        return fail("expected 'launch', a name and times ROWS:MICROSECONDS with ascending rows");
    } else {
      return fail("'" + std::string(key) + "' is not known here");
    }
  }
  if (!hasKernels)
    return fail("the line 'kernels' is missing");
  return cache;
}

std::optional<TimingCache> reckon::readTimingCache(const std::string &path, std::string *error) {
  auto fail = [&](const std::string &reason) -> std::optional<TimingCache> {
    if (error)
      *error = reason;
    return std::nullopt;
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || file.bad())
    return fail("cannot read the timing cache " + path + ": " + std::strerror(errno));
  std::string reason;
  std::optional<TimingCache> cache = parseTimingCache(text, &reason);
  return cache ? cache : fail("timing cache " + path + ", " + reason);
}

//===-- Choosing --------------------------------------------------------------===//

namespace {
struct Winner {
  uint64_t rows;
  size_t candidate;
};
} // namespace

/// The fastest candidate at each measured number of rows, ascending; of equals the first.
static std::vector<Winner> findWinners(const std::vector<TimingCache::Candidate> &candidates,
                                       const std::vector<bool> &isLibrary, bool withLibraries) {
  std::vector<uint64_t> measured;
  for (const TimingCache::Candidate &candidate : candidates)
    for (const TimingCache::Time &time : candidate.times)
      measured.push_back(time.rows);
  std::sort(measured.begin(), measured.end());
  measured.erase(std::unique(measured.begin(), measured.end()), measured.end());
  std::vector<Winner> winners;
  for (uint64_t rows : measured) {
    double best = INFINITY;
    size_t chosen = candidates.size();
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (!withLibraries && isLibrary[i])
        continue;
      for (const TimingCache::Time &time : candidates[i].times)
        if (time.rows == rows && time.microseconds < best) {
          best = time.microseconds;
          chosen = i;
        }
    }
    if (chosen != candidates.size())
      winners.push_back({rows, chosen});
  }
  return winners;
}

/// The winners, each up to the geometric mean of its last number of rows and the next one's first.
static std::vector<FastestLaunch> rangesOf(const std::vector<Winner> &winners) {
  std::vector<FastestLaunch> ranges;
  uint64_t begin = 0;
  for (size_t w = 0; w < winners.size(); ++w) {
    bool isLast = w + 1 == winners.size();
    if (!isLast && winners[w].candidate == winners[w + 1].candidate)
      continue;
    FastestLaunch launch{winners[w].candidate, begin, allRows};
    if (!isLast)
      launch.maxRows = static_cast<uint64_t>(
          std::sqrt(static_cast<double>(winners[w].rows) * static_cast<double>(winners[w + 1].rows)));
    begin = launch.maxRows + 1;
    ranges.push_back(launch);
  }
  return ranges;
}

std::vector<FastestLaunch> reckon::findFastest(const std::vector<TimingCache::Candidate> &candidates,
                                               const std::vector<bool> &isLibrary) {
  std::vector<FastestLaunch> kept, generated = rangesOf(findWinners(candidates, isLibrary, /*withLibraries=*/false));
  if (generated.empty())
    return kept;
  for (const FastestLaunch &launch : rangesOf(findWinners(candidates, isLibrary, /*withLibraries=*/true)))
    if (isLibrary[launch.candidate])
      kept.push_back(launch);
  kept.insert(kept.end(), generated.begin(), generated.end());
  kept.back().minRows = 0;
  return kept;
}
