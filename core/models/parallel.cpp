// SPDX-License-Identifier: MIT
#include "core/models/parallel.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#include <dlfcn.h>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/models/decoder.h"

namespace orrery::models {
namespace {

using Body = std::function<void(std::int64_t, std::int64_t)>;
thread_local bool t_inside = false;
std::atomic<int> g_threads{0};

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

template <class F> F symbol(const char* name) { return reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name)); }

class Workers {
public:
  // libtorch's own pool must be there before this object, so that at exit it outlives the threads that call it.
  Workers() { at::set_num_threads(at::get_num_threads()); }
  ~Workers() { stop(); }

  void run(std::int64_t count, std::int64_t grain, const Body& body) {
    const auto pieces = static_cast<std::uint64_t>((count + grain - 1) / grain);
    m_count = count;
    m_grain = grain;
    m_body = &body;
    m_done.store(0, std::memory_order_relaxed);
    m_generation += kOneGeneration;
    m_state.store(m_generation | pieces, std::memory_order_seq_cst);
    m_state.notify_all();
    while (takePiece()) {
    }
    for (int spin = 0; m_done.load(std::memory_order_acquire) != pieces; ++spin)
      spin < kSpins ? relax() : std::this_thread::yield();
    if (m_failure) std::rethrow_exception(std::exchange(m_failure, nullptr));
  }

  void resize(int threads) {
    if (static_cast<int>(m_threads.size()) == threads - 1) return;
    stop();
    m_stop = false;
    for (int i = 1; i < threads; ++i) m_threads.emplace_back([this] { work(); });
  }

private:
  static constexpr std::uint64_t kOneGeneration = std::uint64_t{1} << 32, kRemaining = kOneGeneration - 1;
  static constexpr int kSpins = 4000; // some 50 us

  // The state holds a generation and the number of pieces nobody took yet, so a thread that wakes late finds none.
  bool takePiece() {
    std::uint64_t state = m_state.load(std::memory_order_acquire);
    do {
      if ((state & kRemaining) == 0) return false;
    } while (!m_state.compare_exchange_weak(state, state - 1, std::memory_order_acq_rel));
    const auto piece = static_cast<std::int64_t>((state & kRemaining) - 1);
    try {
      (*m_body)(piece * m_grain, std::min(m_count, (piece + 1) * m_grain));
    } catch (...) {
      std::lock_guard lock(m_failureMutex);
      if (!m_failure) m_failure = std::current_exception();
    }
    m_done.fetch_add(1, std::memory_order_acq_rel);
    return true;
  }

  void work() {
    t_inside = true;
    at::set_num_threads(1);
    if (const auto mkl = symbol<int (*)(int)>("MKL_Set_Num_Threads_Local")) mkl(1);
    while (!m_stop.load(std::memory_order_acquire)) {
      if (takePiece()) continue;
      int spin = 0;
      std::uint64_t state = m_state.load(std::memory_order_acquire);
      while ((state & kRemaining) == 0 && spin++ < kSpins && !m_stop.load(std::memory_order_relaxed)) {
        relax();
        state = m_state.load(std::memory_order_acquire);
      }
      if ((state & kRemaining) == 0 && !m_stop.load(std::memory_order_acquire)) m_state.wait(state);
    }
  }

  void stop() {
    m_stop = true;
    m_generation += kOneGeneration;
    m_state.store(m_generation, std::memory_order_seq_cst);
    m_state.notify_all();
    for (std::thread& thread : m_threads) thread.join();
    m_threads.clear();
  }

  // Written between two runs only; a piece that was taken keeps its run from ending.
  const Body* m_body = nullptr;
  std::int64_t m_count = 0, m_grain = 1;
  std::uint64_t m_generation = 0;
  std::atomic<std::uint64_t> m_state{0}, m_done{0};
  std::atomic<bool> m_stop{false};
  std::mutex m_failureMutex;
  std::exception_ptr m_failure; // guarded by m_failureMutex while pieces run
  std::vector<std::thread> m_threads;
};

std::mutex g_workersMutex;

Workers& workers() {
  static Workers pool;
  return pool;
}

} // namespace

void setThreads(int threads) { g_threads = std::max(0, threads); }

int threads() {
  const int set = g_threads;
  return set > 0 ? set : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void parallelFor(std::int64_t count, std::int64_t grain, const Body& body) {
  if (count <= 0) return;
  grain = std::max(grain, count / (std::int64_t{1} << 30) + 1);
  std::unique_lock lock(g_workersMutex, std::defer_lock);
  if (count <= grain || threads() == 1 || t_inside || !lock.try_lock()) {
    for (std::int64_t begin = 0; begin < count; begin += grain) body(begin, std::min(count, begin + grain));
    return;
  }
  workers().resize(threads());
  t_inside = true;
  const struct Outside {
    ~Outside() { t_inside = false; }
  } outside;
  workers().run(count, grain, body);
}

SerialBlas::SerialBlas() : m_torchThreads(at::get_num_threads()) {
  at::set_num_threads(1);
  if (const auto get = symbol<int (*)()>("openblas_get_num_threads")) m_blasThreads = get();
  if (const auto set = symbol<void (*)(int)>("openblas_set_num_threads")) set(1);
  if (const auto set = symbol<int (*)(int)>("MKL_Set_Num_Threads_Local")) m_mklThreads = set(1);
}

SerialBlas::~SerialBlas() {
  if (const auto set = symbol<int (*)(int)>("MKL_Set_Num_Threads_Local")) set(m_mklThreads);
  if (const auto set = symbol<void (*)(int)>("openblas_set_num_threads"); set && m_blasThreads > 0) set(m_blasThreads);
  at::set_num_threads(m_torchThreads);
}

} // namespace orrery::models
