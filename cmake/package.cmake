# `cpack --preset package`: store_VERSION_ARCH.deb (program, manual, completions) and libstore-dev_VERSION_ARCH.deb.
set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL program library)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "the store authors <store@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "version control for big data")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME store)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION vcs)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "diffutils, libarchive13, libssl3")  # run or loaded, not linked
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
 "store keeps every version of source trees, disk images, databases, media and
 build results, at the price of what changed: files are cut by their content,
 deduplicated, compressed together and covered by checksums.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libstore-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS
  "libarchive13, libssl3, libxxhash-dev, libzstd-dev, libtbb-dev, libfmt-dev, libtomlplusplus-dev, pkg-config")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
 "The library that the program store is made of: static archives, headers and a
 CMake package, for programs that keep versions of large files themselves.")

# What Debian wants beside the files: a change log, and the licence, for each package.
set(documents ${PROJECT_BINARY_DIR}/documents)
file(MAKE_DIRECTORY ${documents})
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${documents}/changelog "store (${PROJECT_VERSION}) unstable; urgency=medium

  * Version ${PROJECT_VERSION}.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
find_program(GZIP gzip REQUIRED)
execute_process(COMMAND ${GZIP} -9nf ${documents}/changelog COMMAND_ERROR_IS_FATAL ANY)
file(READ LICENSE licence)
file(WRITE ${documents}/copyright "${licence}")
foreach(package store libstore-dev)
  string(REPLACE libstore-dev library component ${package})
  string(REPLACE store program component ${component})
  install(FILES ${documents}/changelog.gz ${documents}/copyright
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endforeach()

include(CPack)
