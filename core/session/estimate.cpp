// SPDX-License-Identifier: MIT
#include "core/session/estimate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace orrery::session {
namespace {

// In double: exact far beyond any size that could fit, and never wraps.
std::uint64_t toBytes(double bytes) {
  return bytes < 9e18 ? static_cast<std::uint64_t>(bytes) : std::numeric_limits<std::uint64_t>::max() / 8;
}

double hookElements(const hooks::Dims& dims, hooks::HookId id, double tokens) {
  const Shape one = hooks::hookShape(id, dims, 1);
  const Shape two = hooks::hookShape(id, dims, 2);
  double elements = 1;
  for (std::size_t d = 0; d < one.size(); ++d)
    elements *= two[d] == one[d] ? static_cast<double>(one[d]) : tokens * static_cast<double>(one[d]);
  return elements;
}

std::string duration(double seconds) {
  char text[48];
  if (seconds >= 90)
    std::snprintf(text, sizeof text, "about %.0f min", seconds / 60);
  else
    std::snprintf(text, sizeof text, "about %.1f s", seconds);
  return text;
}

} // namespace

std::string amount(double bytes) {
  char text[48];
  if (bytes >= 1e9)
    std::snprintf(text, sizeof text, "%.1f GB", bytes / 1e9);
  else
    std::snprintf(text, sizeof text, "%.1f MB", bytes / 1e6);
  return text;
}

CaptureBytes captureBytes(const hooks::Dims& d, const hooks::CapturePlan& plan, std::int64_t tokens, DType dtype) {
  const double size = static_cast<double>(byteSize(dtype)), t = static_cast<double>(tokens);
  const double layers = static_cast<double>(d.layers), heads = static_cast<double>(d.heads);
  const double kv = 2 * static_cast<double>(d.kvHeads * d.headDim);
  CaptureBytes bytes;
  bytes.attention =
      toBytes(layers * t * size * (kv + (plan.attention ? heads * static_cast<double>(d.headDim + 1) : 0)));
  if (plan.attention && plan.overviews) {
    const double side = std::min(t, static_cast<double>(plan.overviewCells));
    bytes.overviews = toBytes(layers * heads * side * side / 2 * (sizeof(double) + sizeof(float)));
  }
  double hooked = 0;
  for (hooks::HookId id : plan.hooks()) hooked += hookElements(d, id, t);
  bytes.hooks = toBytes(hooked * size);
  const double chunk = std::min(t, 512.0);
  bytes.scratch = toBytes(size * (chunk * static_cast<double>(8 * d.model + 3 * d.mlp + d.vocab) + 64 * t * 4 +
                                  t * kv / 2)); // K of one layer as panels
  return bytes;
}

std::int64_t longestThatFits(const hooks::Dims& dims, const hooks::CapturePlan& plan, DType dtype, std::int64_t least,
                             std::int64_t most, std::uint64_t available) {
  while (least < most) { // bytes grow with the text
    const std::int64_t middle = most - (most - least) / 2;
    if (captureBytes(dims, plan, middle, dtype).total() <= available)
      least = middle;
    else
      most = middle - 1;
  }
  return least;
}

Estimate makeEstimate(const CaptureBytes& bytes, const Speed& speed, std::int64_t promptTokens, std::int64_t generated,
                      std::uint64_t available) {
  Estimate estimate;
  estimate.bytes = bytes.total();
  estimate.availableBytes = available;
  estimate.fits = estimate.bytes <= available;
  if (speed.prefill > 0) estimate.seconds += static_cast<double>(promptTokens) / speed.prefill;
  if (speed.decode > 0) estimate.seconds += static_cast<double>(generated) / speed.decode;
  estimate.sentence = amount(static_cast<double>(estimate.bytes)) + " of memory";
  if (estimate.seconds > 0) estimate.sentence += ", " + duration(estimate.seconds);
  if (!estimate.fits)
    estimate.sentence = "the run needs " + amount(static_cast<double>(estimate.bytes)) + " of memory, " +
                        amount(static_cast<double>(available)) + " are available";
  return estimate;
}

} // namespace orrery::session
