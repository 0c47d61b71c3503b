// SPDX-License-Identifier: MIT
// Progress and messages go to stderr through spdlog; results go to stdout and never through here.
#pragma once
#include <spdlog/spdlog.h>

namespace orrery {
// Called once by main(): stderr, no colours when it is not a terminal.
void setUpLog(bool verbose);
} // namespace orrery
