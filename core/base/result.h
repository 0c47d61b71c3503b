// SPDX-License-Identifier: MIT
// Result<T>: a value or one Error. Exceptions of libraries are turned into an Error at the module that calls them.
#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace orrery {

enum class Code {
  NotFound,    // a file, tensor or name that is not there
  BadInput,    // present but malformed, truncated, contradictory
  Unsupported, // well-formed, but this program does not do it
  TooLarge,    // would not fit; `what` has the number
  Cancelled,
  Io, // the operating system said no (disk full, permission)
  Internal
};

struct Error {
  Code code = Code::Internal;
  std::string what;               // one sentence: thing, expected, found
  std::vector<std::string> notes; // further lines, e.g. every reason why each device was refused
  std::string where;              // file the sentence is about; empty if none

  // "FILE: what" as the command line prints it.
  std::string message() const { return where.empty() ? what : where + ": " + what; }
};

template <class T> class [[nodiscard]] Result {
public:
  Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return m_state.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(m_state); }
  const T& value() const& { return std::get<0>(m_state); }
  T&& value() && { return std::get<0>(std::move(m_state)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(m_state); }
  Error& error() { return std::get<1>(m_state); }

private:
  std::variant<T, Error> m_state;
};

struct Done {}; // the value of a Result that carries nothing
using Status = Result<Done>;

inline Error badInput(std::string what, std::string where = {}) {
  return {Code::BadInput, std::move(what), {}, std::move(where)};
}
inline Error unsupported(std::string what, std::string where = {}) {
  return {Code::Unsupported, std::move(what), {}, std::move(where)};
}
inline Error notFound(std::string what, std::string where = {}) {
  return {Code::NotFound, std::move(what), {}, std::move(where)};
}
inline Error tooLarge(std::string what, std::string where = {}) {
  return {Code::TooLarge, std::move(what), {}, std::move(where)};
}
inline Error ioError(std::string what, std::string where = {}) {
  return {Code::Io, std::move(what), {}, std::move(where)};
}
inline Error cancelled() { return {Code::Cancelled, "cancelled", {}, {}}; }

} // namespace orrery
