# store_module(NAME [LINKS lib...] [THIRD_PARTY lib...])
# One static library from lib/NAME/*.cpp. LINKS names the modules left of it in the graph of
# docs/architecture.md; tests/lint/module_graph checks every #include against that graph.
function(store_module name)
  cmake_parse_arguments(arg "" "" "LINKS;THIRD_PARTY" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(store_${name} STATIC ${sources})
  target_include_directories(store_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/store>)
  foreach(link IN LISTS arg_LINKS)
    target_link_libraries(store_${name} PUBLIC store_${link})
  endforeach()
  target_link_libraries(store_${name} PRIVATE $<BUILD_INTERFACE:store_settings> ${arg_THIRD_PARTY})
  target_compile_features(store_${name} PUBLIC cxx_std_20)
  set_target_properties(store_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS store_${name} EXPORT store ARCHIVE COMPONENT library)
endfunction()
