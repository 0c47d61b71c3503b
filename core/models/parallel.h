// SPDX-License-Identifier: MIT
// Fork and join for pieces of a forward pass: threads that wait a few microseconds actively before they sleep, so that
// a matrix-vector product of 30 us pays to be split. libtorch's and the BLAS library's own threads stay at one
// meanwhile (SerialBlas), since two pools on the same cores wait for each other.
#pragma once
#include <cstdint>
#include <functional>

namespace orrery::models {

// Calls body(begin, end) over [0, count) in pieces of at most `grain`, on threads() threads; returns when all are done.
// The highest piece starts first. Called from within a body, or while another thread is in here, it runs serially.
// The first exception of a body is thrown again here.
void parallelFor(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body);

// While one lives, libtorch and BLAS calls of this process use one thread each. Not to be nested across threads.
class SerialBlas {
public:
  SerialBlas();
  ~SerialBlas();
  SerialBlas(const SerialBlas&) = delete;
  SerialBlas& operator=(const SerialBlas&) = delete;

private:
  int m_torchThreads = 0, m_blasThreads = 0, m_mklThreads = 0;
};

} // namespace orrery::models
