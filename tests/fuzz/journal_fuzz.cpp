// SPDX-License-Identifier: MIT
// Whatever the bytes: no crash, and an accepted journal has only records that lie inside them. (Map files are read by
// HDF5, which does not stand up to this; tests/core/sweep damages those.)
#include <cstdlib>

#include "core/sweep/journal.h"

namespace {

using namespace orrery;

void require(bool holds) {
  if (!holds) std::abort();
}

void readJournal(const unsigned char* data, std::size_t size) {
  std::size_t runs = 0;
  const auto contents =
      sweep::parseJournal(std::as_bytes(std::span(data, size)), "fuzz", [&](std::uint32_t, auto record) {
        runs += record.size();
        return Status(Done{});
      });
  if (!contents) return require(!contents.error().what.empty());
  require(contents->goodBytes + contents->badBytes == size && runs * sweep::kDigestBytes <= size);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  readJournal(data, size);
  return 0;
}
