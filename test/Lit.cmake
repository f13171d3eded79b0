# The lit suites: `check-lit` runs all of test/, `check-<folder>` a folder of it, `check-unit` the GoogleTest programs and
# `check-all` both. Each builds what it needs first. Single files: <llvm>/bin/lit -v test/passes/Normalize/raise-gelu.mlir
set(RECKON_PYTHON /usr/bin/python3 CACHE FILEPATH "The Python that sees Debian's onnx and numpy")
set(RECKON_ONNX_TESTDATA /usr/share/libonnx-testdata/data CACHE PATH "ONNX's own node tests")
find_program(RECKON_LIT NAMES lit HINTS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/lit.site.cfg.py.in ${CMAKE_CURRENT_BINARY_DIR}/lit.site.cfg.py @ONLY)

# reckon_add_check(name path): runs lit on a folder below test/; lit finds the configuration by the path in the build.
# A test may run any program, so all are built.
function(reckon_add_check name path)
  add_custom_target(${name}
    COMMAND ${RECKON_LIT} -sv ${CMAKE_CURRENT_BINARY_DIR}/${path}
    DEPENDS reckon-programs reckon-unit-tests USES_TERMINAL
    COMMENT "Running the lit tests of test/${path}")
endfunction()

reckon_add_check(check-lit "")
file(GLOB folders RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*)
foreach(folder ${folders})
  file(GLOB_RECURSE tests ${folder}/*.mlir ${folder}/*.test)
  list(FILTER tests EXCLUDE REGEX "/Inputs/")
  if(tests)
    reckon_add_check(check-${folder} ${folder})
  endif()
endforeach()
add_custom_target(check-all COMMAND ${RECKON_LIT} -sv ${CMAKE_CURRENT_BINARY_DIR} DEPENDS check-unit USES_TERMINAL
  COMMENT "Running the lit tests")
add_dependencies(check-all reckon-programs)
