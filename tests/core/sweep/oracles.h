// SPDX-License-Identifier: MIT
// The reference maps, where they lie beside the project.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/sweep/arrays.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

inline std::string oracleFile(const std::string& name) {
  const char* given = std::getenv("ORRERY_BOUNDARY_ORACLES");
  const std::string folder = given ? given : std::string(ORRERY_SOURCE_DIR) + "/../shared/oracles/boundary";
  const std::string path = folder + "/" + name + ".h5";
  return std::filesystem::exists(path) ? path : "";
}

// All numbers of an array, whatever its shape.
inline std::vector<double> numbersOf(const Arrays& arrays, const std::string& name) {
  const auto shape = arrays.shapeOf(name);
  if (!shape) {
    ADD_FAILURE() << shape.error().message();
    return {};
  }
  auto values = arrays.numbers(name, Shape(shape->size(), -1));
  return values ? *values : std::vector<double>{};
}

// The digests of `runs` on `threads` threads, `chunk` runs a call.
inline std::vector<Digest> trainAll(const Trainer& trainer, const std::vector<RunParameters>& runs,
                                    std::size_t threads = 2, std::size_t chunk = 0) {
  if (chunk == 0) chunk = trainer.batch();
  std::vector<Digest> digests(runs.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t first = next.fetch_add(chunk); first < runs.size(); first = next.fetch_add(chunk)) {
      const std::size_t count = std::min(chunk, runs.size() - first);
      if (!trainer.train({runs.data() + first, count}, {digests.data() + first, count}, {})) std::abort();
    }
  };
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(work);
  workers.clear();
  return digests;
}

} // namespace orrery::sweep
