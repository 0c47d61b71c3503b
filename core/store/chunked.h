// SPDX-License-Identifier: MIT
// Chunked<T>: a vector in shared chunks, so that a copy costs size / 256 pointers. One thread appends to its own copy,
// in place: older copies never look beyond their size, so they are not disturbed and may be read (and copied) on any
// thread. A copy that goes on to be written (a branch) owns no chunk and copies the last one first.
#pragma once
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace orrery::store {

template <class T> class Chunked {
public:
  static constexpr std::size_t kChunk = 256;

  Chunked() = default;
  Chunked(const Chunked& other) : m_chunks(other.m_chunks), m_size(other.m_size) {}
  Chunked& operator=(const Chunked& other) {
    m_chunks = other.m_chunks;
    m_size = other.m_size;
    m_ownsLast = false;
    return *this;
  }
  Chunked(Chunked&& other) noexcept { swap(other); }
  Chunked& operator=(Chunked&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Chunked() = default;

  std::size_t size() const { return m_size; }
  bool empty() const { return m_size == 0; }
  const T& operator[](std::size_t i) const { return m_chunks[i / kChunk]->data()[i % kChunk]; }
  const T& back() const { return (*this)[m_size - 1]; }

  void push_back(T value) {
    if (m_size % kChunk == 0) {
      m_chunks.push_back(std::make_shared<std::vector<T>>());
      m_chunks.back()->reserve(kChunk); // so that no append moves what others read
      m_ownsLast = true;
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
    m_ownsLast = false; // older copies see what was cut off
  }

  std::vector<T> toVector() const {
    std::vector<T> all;
    all.reserve(m_size);
    for (std::size_t i = 0; i < m_size; ++i) all.push_back((*this)[i]);
    return all;
  }

private:
  void swap(Chunked& other) noexcept {
    m_chunks.swap(other.m_chunks);
    std::swap(m_size, other.m_size);
    std::swap(m_ownsLast, other.m_ownsLast);
  }
  void ownLast() {
    if (m_ownsLast) return;
    auto copy = std::make_shared<std::vector<T>>();
    copy->reserve(kChunk);
    const T* first = m_chunks.back()->data();
    copy->assign(first, first + m_size % kChunk);
    m_chunks.back() = std::move(copy);
    m_ownsLast = true;
  }
  std::vector<std::shared_ptr<std::vector<T>>> m_chunks;
  std::size_t m_size = 0;
  bool m_ownsLast = false; // nobody else appends to the last chunk, and nobody else sees beyond m_size in it
};

} // namespace orrery::store
