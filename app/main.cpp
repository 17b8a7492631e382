#include "app/process.h"

int main(int argc, char** argv) { return store::run_process(argc, argv); }
