// SPDX-License-Identifier: MIT
// Chunked<T>: a vector in shared chunks, so that a copy costs size / 256 pointers and appending to the writer's own
// copy never disturbs older copies. One thread writes and makes the copies; the copies may be read on any thread but
// are not copied again elsewhere while it writes (share them behind a shared_ptr<const Snapshot>).
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

namespace orrery::store {

template <class T> class Chunked {
public:
  static constexpr std::size_t kChunk = 256;

  Chunked() = default;
  Chunked(const Chunked& other) : m_chunks(other.m_chunks), m_size(other.m_size), m_lastShared(true) {
    other.m_lastShared = true;
  }
  Chunked& operator=(const Chunked& other) {
    m_chunks = other.m_chunks;
    m_size = other.m_size;
    m_lastShared = other.m_lastShared = true;
    return *this;
  }
  Chunked(Chunked&&) noexcept = default;
  Chunked& operator=(Chunked&&) noexcept = default;
  ~Chunked() = default;

  std::size_t size() const { return m_size; }
  bool empty() const { return m_size == 0; }
  const T& operator[](std::size_t i) const { return (*m_chunks[i / kChunk])[i % kChunk]; }
  const T& back() const { return (*this)[m_size - 1]; }

  void push_back(T value) {
    if (m_size % kChunk == 0) {
      m_chunks.push_back(std::make_shared<std::vector<T>>());
      m_chunks.back()->reserve(kChunk);
      m_lastShared = false;
    } else {
      ownLast();
    }
    m_chunks.back()->push_back(std::move(value));
    ++m_size;
  }

  void truncate(std::size_t size) {
    if (size >= m_size) return;
    m_size = size;
    m_chunks.resize((size + kChunk - 1) / kChunk);
    m_lastShared = true; // unknown: a copy may hold this chunk
    if (size % kChunk != 0) {
      ownLast();
      m_chunks.back()->resize(size % kChunk);
    }
  }

  std::vector<T> toVector() const {
    std::vector<T> all;
    all.reserve(m_size);
    for (const auto& chunk : m_chunks) all.insert(all.end(), chunk->begin(), chunk->end());
    return all;
  }

private:
  // Not by use_count(): reading 1 there would not order the last reader's accesses before our write.
  void ownLast() {
    if (!m_lastShared) return;
    auto copy = std::make_shared<std::vector<T>>();
    copy->reserve(kChunk);
    copy->assign(m_chunks.back()->begin(), m_chunks.back()->end());
    m_chunks.back() = std::move(copy);
    m_lastShared = false;
  }
  std::vector<std::shared_ptr<std::vector<T>>> m_chunks;
  std::size_t m_size = 0;
  mutable bool m_lastShared = false; // writer's thread only: the copy that readers get is made there
};

} // namespace orrery::store
