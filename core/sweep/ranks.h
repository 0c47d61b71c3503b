// SPDX-License-Identifier: MIT
// Ranks: the processes that mpirun started, for one sweep. Rank 0 knows the map, trains like any other and hands tiles
// out to whoever is idle; the others train and know nothing else. Only ranks.cpp sees MPI.
//
// A rank that dies takes the whole job with it (Open MPI's default): what was delivered stands in rank 0's journal, and
// --resume goes on from there.
//
// Thread: the calls of one process one at a time.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/sweep/schedule.h"

namespace orrery::sweep {

bool startedByMpirun(); // one of several processes; asks the environment only
int threadsOfRank();    // cores that mpirun gave to this process

class Ranks {
public:
  // Called once in a process. Errors: Unsupported (built without MPI), Internal.
  static Result<std::shared_ptr<Ranks>> join();
  ~Ranks(); // leaves; the last thing a process does with MPI
  int rank() const { return m_rank; }
  int size() const { return m_size; }

  // What rank 0 does.
  using Take = std::function<std::optional<Tile>()>;
  using Deliver = std::function<Status(const Tile&, const std::vector<Digest>&)>;
  void sendSpec(const std::string& spec); // all must compute the same
  // Takes what came in and answers the idle. Errors: of `deliver`; BadInput (a rank said that it cannot go on).
  Status serve(const Take& take, const Deliver& deliver);
  std::vector<Tile> stop(); // ends the others; what was still out

  // What the others do: train until rank 0 says stop. spec: must be rank 0's.
  using Train = std::function<Status(const Tile&, std::vector<Digest>&)>;
  Status work(const std::string& spec, int threads, const Train& train);

private:
  Ranks() = default;
  struct Helper; // of work()
  void send(int rank, int tag, const std::vector<std::byte>& bytes);
  bool receive(int& rank, int& tag, std::vector<std::byte>& bytes); // false: nothing there

  int m_rank = 0, m_size = 1;
  std::vector<int> m_idle;        // ranks that wait for a tile, once for each tile they can take
  std::multimap<int, Tile> m_out; // by rank
};

} // namespace orrery::sweep
