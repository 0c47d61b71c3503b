// SPDX-License-Identifier: MIT
#include "core/sweep/ranks.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <sched.h>
#include <thread>

#include "core/sweep/journal.h"
#ifdef ORRERY_MPI
#include <mpi.h>
#endif

namespace orrery::sweep {
namespace {

int numberFrom(const char* name) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : 0;
}

} // namespace

// Open MPI's mpirun, or a PMIx launcher such as srun.
bool startedByMpirun() {
  return numberFrom("OMPI_COMM_WORLD_SIZE") > 1 || (std::getenv("PMIX_RANK") && numberFrom("SLURM_NTASKS") > 1);
}

int threadsOfRank() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return ::sched_getaffinity(0, sizeof(cores), &cores) == 0 ? std::max(1, CPU_COUNT(&cores)) : 1;
}

#ifndef ORRERY_MPI

Result<std::shared_ptr<Ranks>> Ranks::join() {
  return unsupported("this program was built without MPI: it cannot share a sweep under mpirun; use --shard");
}
Ranks::~Ranks() = default;
void Ranks::sendSpec(const std::string&) {}
Status Ranks::serve(const Take&, const Deliver&) { return Done{}; }
std::vector<Tile> Ranks::stop() { return {}; }
Status Ranks::work(const std::string&, int, const Train&) { return Done{}; }

#else

namespace {

enum Tag { kSpec = 1, kIdle, kTile, kResult, kFailed, kStop };
constexpr auto kPoll = std::chrono::microseconds(500);
constexpr int kTilesAhead = 2; // a thread has the next tile when it ends one

std::vector<std::byte> packed(const Tile& tile, const std::vector<Digest>& digests) {
  std::vector<std::byte> bytes(4 + tile.pixels.size() * 4 + digests.size() * kDigestBytes);
  std::memcpy(bytes.data(), &tile.layer, 4);
  std::memcpy(bytes.data() + 4, tile.pixels.data(), tile.pixels.size() * 4);
  std::byte* to = bytes.data() + 4 + tile.pixels.size() * 4;
  for (const Digest& digest : digests) {
    packDigest(digest, to);
    to += kDigestBytes;
  }
  return bytes;
}

// Digests, if the message has them. Messages come from this very program, the length is checked all the same.
bool unpack(const std::vector<std::byte>& bytes, bool withDigests, Tile& tile, std::vector<Digest>& digests) {
  const std::size_t each = 4 + (withDigests ? kDigestBytes : 0);
  if (bytes.size() < 4 || (bytes.size() - 4) % each != 0) return false;
  const std::size_t count = (bytes.size() - 4) / each;
  std::memcpy(&tile.layer, bytes.data(), 4);
  tile.pixels.resize(count);
  std::memcpy(tile.pixels.data(), bytes.data() + 4, count * 4);
  digests.clear();
  for (std::size_t i = 0; withDigests && i < count; ++i)
    digests.push_back(unpackDigest(bytes.data() + 4 + count * 4 + i * kDigestBytes));
  return true;
}

std::vector<std::byte> bytesOf(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}
std::string textOf(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

Result<std::shared_ptr<Ranks>> Ranks::join() {
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS ||
      provided < MPI_THREAD_SERIALIZED)
    return Error{Code::Internal, "MPI cannot be started with threads", {}, {}};
  std::shared_ptr<Ranks> ranks(new Ranks);
  MPI_Comm_rank(MPI_COMM_WORLD, &ranks->m_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks->m_size);
  return ranks;
}

Ranks::~Ranks() { MPI_Finalize(); }

void Ranks::send(int rank, int tag, const std::vector<std::byte>& bytes) {
  MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, rank, tag, MPI_COMM_WORLD);
}

bool Ranks::receive(int& rank, int& tag, std::vector<std::byte>& bytes) {
  int there = 0, count = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
  if (!there) return false;
  MPI_Get_count(&status, MPI_BYTE, &count);
  bytes.resize(static_cast<std::size_t>(count));
  rank = status.MPI_SOURCE;
  tag = status.MPI_TAG;
  MPI_Recv(bytes.data(), count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return true;
}

void Ranks::sendSpec(const std::string& spec) {
  for (int rank = 1; rank < m_size; ++rank) send(rank, kSpec, bytesOf(spec));
}

Status Ranks::serve(const Take& take, const Deliver& deliver) {
  int rank = 0, tag = 0;
  std::vector<std::byte> bytes;
  while (receive(rank, tag, bytes)) {
    if (tag == kFailed) return badInput("rank " + std::to_string(rank) + ": " + textOf(bytes));
    m_idle.push_back(rank);
    if (tag != kResult) continue;
    Tile tile;
    std::vector<Digest> digests;
    if (!unpack(bytes, true, tile, digests)) return badInput("rank " + std::to_string(rank) + " sent a damaged tile");
    const auto [first, last] = m_out.equal_range(rank);
    const auto mine = std::find_if(first, last, [&](const auto& out) { return out.second.pixels == tile.pixels; });
    if (mine != last) m_out.erase(mine);
    if (Status status = deliver(tile, digests); !status) return status;
  }
  while (!m_idle.empty()) {
    auto tile = take();
    if (!tile) return Done{};
    send(m_idle.front(), kTile, packed(*tile, {}));
    m_out.emplace(m_idle.front(), std::move(*tile));
    m_idle.erase(m_idle.begin());
  }
  return Done{};
}

std::vector<Tile> Ranks::stop() {
  for (int rank = 1; rank < m_size; ++rank) send(rank, kStop, {});
  std::vector<Tile> out;
  for (auto& [rank, tile] : m_out) out.push_back(std::move(tile));
  m_out.clear();
  m_idle.clear();
  // What is still on its way to this rank must be taken in before MPI ends: each of the others says a last word.
  for (int left = m_size - 1, rank = 0, tag = 0; left > 0;) {
    std::vector<std::byte> bytes;
    if (!receive(rank, tag, bytes))
      std::this_thread::sleep_for(kPoll);
    else if (tag == kStop)
      --left;
  }
  return out;
}

// Tiles and answers between the thread that speaks MPI and those that train.
struct Ranks::Helper {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Tile> tiles;                     // guarded by mutex
  std::deque<std::vector<std::byte>> answers; // guarded by mutex
  std::string problem;                        // guarded by mutex
  bool stop = false;                          // guarded by mutex

  void train(const Train& how);
};

void Ranks::Helper::train(const Train& how) {
  for (;;) {
    std::unique_lock lock(mutex);
    wake.wait(lock, [this] { return stop || !tiles.empty(); });
    if (stop) return;
    const Tile tile = std::move(tiles.front());
    tiles.pop_front();
    lock.unlock();
    std::vector<Digest> digests;
    const Status status = how(tile, digests);
    lock.lock();
    if (status)
      answers.push_back(packed(tile, digests));
    else if (!stop)
      problem = status.error().message();
  }
}

Status Ranks::work(const std::string& spec, int threads, const Train& train) {
  Helper helper;
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back([&] { helper.train(train); });
  int rank = 0, tag = 0;
  std::vector<std::byte> bytes;
  bool failed = false;
  while (tag != kStop) {
    std::deque<std::vector<std::byte>> answers;
    {
      std::unique_lock lock(helper.mutex);
      answers.swap(helper.answers);
      if (!helper.problem.empty() && !failed) {
        failed = true;
        send(0, kFailed, bytesOf(helper.problem));
      }
    }
    for (const auto& answer : answers) send(0, kResult, answer);
    if (!receive(rank, tag, bytes)) {
      std::this_thread::sleep_for(kPoll);
      continue;
    }
    if (tag == kSpec && textOf(bytes) != spec) {
      failed = true;
      send(0, kFailed, bytesOf("its spec or the files that it names are not those of rank 0"));
    }
    if (tag == kSpec && !failed)
      for (int i = 0; i < threads * kTilesAhead; ++i) send(0, kIdle, {});
    if (tag != kTile) continue;
    Tile tile;
    std::vector<Digest> none;
    if (!unpack(bytes, false, tile, none)) continue;
    std::lock_guard lock(helper.mutex);
    helper.tiles.push_back(std::move(tile));
    helper.wake.notify_one();
  }
  {
    std::lock_guard lock(helper.mutex);
    helper.stop = true;
  }
  helper.wake.notify_all();
  for (std::thread& worker : workers) worker.join();
  send(0, kStop, {});
  return failed ? Status(badInput("this rank could not go on")) : Status(Done{});
}

#endif

} // namespace orrery::sweep
