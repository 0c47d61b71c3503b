// SPDX-License-Identifier: MIT
#include "core/hdf5/handle.h"

namespace orrery::h5 {
namespace {

std::mutex& libraryMutex() {
  static std::mutex mutex;
  return mutex;
}

// The system's own words stand in the text of a driver error: "... error message = 'No space left on device' ...".
std::string systemWords(const std::string& text) {
  constexpr std::string_view kMark = "error message = '";
  const std::size_t begin = text.find(kMark);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find('\'', begin + kMark.size());
  return text.substr(begin + kMark.size(), end == std::string::npos ? end : end - begin - kMark.size());
}

// Called with each error, the innermost first.
herr_t note(unsigned, const H5E_error2_t* error, void* into) {
  auto& words = *static_cast<std::pair<std::string, std::string>*>(into); // library's, system's
  const std::string text = error->desc ? error->desc : "";
  if (words.first.empty()) words.first = text.substr(0, 120);
  if (words.second.empty()) words.second = systemWords(text);
  return 0;
}

} // namespace

LibraryLock::LibraryLock() : m_lock(libraryMutex()) {
  // A file whose disk ran full cannot be closed cleanly (its last ftruncate fails), and the library's exit handler
  // crashes over what is left of it. Files are closed by their handles, so nothing needs that handler.
  static const bool noExitHandler = H5dont_atexit() >= 0;
  (void)noExitHandler;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Error failure(const std::string& verb, const std::string& file) {
  std::pair<std::string, std::string> words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note, &words);
  H5Eclear2(H5E_DEFAULT);
  const std::string& why = words.second.empty() ? words.first : words.second;
  return {words.second.empty() ? Code::BadInput : Code::Io,
          "cannot " + verb + (why.empty() ? std::string() : ": " + why),
          {},
          file};
}

} // namespace orrery::h5
