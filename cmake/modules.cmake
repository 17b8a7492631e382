# store_module(NAME [LINKS lib...] [THIRD_PARTY lib...])
# One static library from lib/NAME/*.cpp. LINKS names the modules left of it in the graph of
# docs/architecture.md; tests/lint/module_graph checks every #include against that graph.
function(store_module name)
  cmake_parse_arguments(arg "" "" "LINKS;THIRD_PARTY" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(store_${name} STATIC ${sources})
  target_include_directories(store_${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  foreach(link IN LISTS arg_LINKS)
    target_link_libraries(store_${name} PUBLIC store_${link})
  endforeach()
  target_link_libraries(store_${name} PRIVATE store_settings ${arg_THIRD_PARTY})
endfunction()
