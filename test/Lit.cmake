# The lit suites: `check-lit` builds every tool that is in this build and runs all of test/; a part of it is
#   <llvm>/bin/lit -v build/test/passes/Normalize
set(RECKON_PYTHON /usr/bin/python3 CACHE FILEPATH "The Python that sees Debian's onnx and numpy")
set(RECKON_ONNX_TESTDATA /usr/share/libonnx-testdata/data CACHE PATH "ONNX's own node tests")
find_program(RECKON_LIT NAMES lit HINTS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/lit.site.cfg.py.in ${CMAKE_CURRENT_BINARY_DIR}/lit.site.cfg.py @ONLY)

# lit finds the site configuration of a folder given under build/test by the path of the source folder.
set(reckonLitTools)
foreach(tool reckon-opt reckon-compile reckon-run reckon-bench reckon-inspect reckon-gpu-check reckon-fuzz-graph)
  if(TARGET ${tool})
    list(APPEND reckonLitTools ${tool})
  endif()
endforeach()
add_custom_target(check-lit
  COMMAND ${RECKON_LIT} -sv ${CMAKE_CURRENT_BINARY_DIR}
  DEPENDS ${reckonLitTools} USES_TERMINAL
  COMMENT "Running the lit suites")
