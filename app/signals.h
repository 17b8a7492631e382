#pragma once

namespace store {

/// sigaction(2) with an empty mask. `flags`: SA_RESTART or none.
void handle_signal(int number, void (*handler)(int), int flags);
/// What is ignored stays ignored: nohup, a shell without job control.
bool is_signal_ignored(int number);

}  // namespace store
