# `cmake --install`: the program with its manual and completions (component program), and the library for programs that
# embed it (component library): find_package(store), target store::store. Places are those of GNUInstallDirs.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/store)
install(EXPORT store NAMESPACE store:: FILE targets.cmake DESTINATION ${package_dir} COMPONENT library)
configure_package_config_file(cmake/store-config.cmake.in ${PROJECT_BINARY_DIR}/store-config.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/store-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/store-config.cmake ${PROJECT_BINARY_DIR}/store-config-version.cmake
  DESTINATION ${package_dir} COMPONENT library)
install(DIRECTORY lib/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/store COMPONENT library FILES_MATCHING PATTERN "*.h")

install(FILES completions/store.bash RENAME store
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
# Packages for Debian have another place: see the preset `package`.
set(STORE_ZSH_FOLDER site-functions CACHE STRING "folder below share/zsh for the completion of zsh")
install(FILES completions/_store DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/${STORE_ZSH_FOLDER} COMPONENT program)
install(FILES completions/store.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
