// SPDX-License-Identifier: MIT
#include "views/paint/number.h"

#include <charconv>

namespace orrery::paint {

std::string fixedNumber(double value, int decimals) {
  char text[400]; // 309 digits of the largest double, sign, point, decimals
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr;
  std::string out(text, end);
  if (out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

} // namespace orrery::paint
