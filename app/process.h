#pragma once

namespace store {

/// The program: descriptors 0 to 2, signals and the environment of this process around one run(). After an interrupted run
/// the signal is raised again with its default action, so that a shell sees it.
int run_process(int argc, char** argv);

}  // namespace store
