# Thin wrappers: one call declares one thing.

# reckon_add_library(name sources... DEPENDS targets LINK libs): a static library of the runtime side (no LLVM).
function(reckon_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()

# reckon_set_compiler_options(name PCH): how every target over MLIR is compiled. PCH names one of the precompiled headers
# of dialects/CMakeLists.txt, reckon-pch-core or reckon-pch-codegen; all their users have the same options.
function(reckon_set_compiler_options name pch)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang") # g++ 12 would take longer to read one than to do without
    target_precompile_headers(${name} REUSE_FROM ${pch})
    # Programs too: -fPIE does not go with a header that was precompiled with -fPIC.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
  endif()
endfunction()

# reckon_add_pch(name header): a precompiled header, and nothing else.
function(reckon_add_pch name header)
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/Empty.cpp)
  target_link_libraries(${name} PRIVATE reckon-mlir)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  add_dependencies(${name} ReckonRecIncGen ReckonPlanIncGen)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${name} PUBLIC "SHELL:-Xclang -fno-pch-timestamp")
    target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/${header})
  endif()
endfunction()

# reckon_add_compiler_library(name sources... PCH header DEPENDS targets LINK libs): a static library over MLIR. PCH is
# reckon-pch-core unless said.
function(reckon_add_compiler_library name)
  cmake_parse_arguments(ARG "" "PCH" "" ${ARGN})
  reckon_add_library(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC reckon-mlir)
  if(NOT ARG_PCH)
    set(ARG_PCH reckon-pch-core)
  endif()
  reckon_set_compiler_options(${name} ${ARG_PCH})
endfunction()

# reckon_add_dialect(Name sources... TD file.td LINK libs): the tablegen of a dialect in this folder and its library
# Reckon<Name>Dialect. Generates <Name>Dialect, <Name>Ops, <Name>Types, <Name>Attrs, <Name>Enums .h.inc/.cpp.inc.
function(reckon_add_dialect name)
  cmake_parse_arguments(ARG "" "TD;NAMESPACE" "LINK" ${ARGN})
  include_directories(${PROJECT_SOURCE_DIR})
  include_directories(SYSTEM ${MLIR_INCLUDE_DIRS}) # where mlir-tblgen looks
  set(LLVM_TARGET_DEFINITIONS ${ARG_TD})
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${ARG_NAMESPACE})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${ARG_NAMESPACE})
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${name}Types.h.inc -gen-typedef-decls -typedefs-dialect=${ARG_NAMESPACE})
  mlir_tablegen(${name}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${ARG_NAMESPACE})
  mlir_tablegen(${name}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${ARG_NAMESPACE})
  mlir_tablegen(${name}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${ARG_NAMESPACE})
  # Enums of included files are no others to mlir-tblgen: a dialect on top of another has its own in a file of their own.
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}Enums.td)
    set(LLVM_TARGET_DEFINITIONS ${name}Enums.td)
  endif()
  mlir_tablegen(${name}Enums.h.inc -gen-enum-decls)
  mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}Interfaces.td)
    set(LLVM_TARGET_DEFINITIONS ${name}Interfaces.td)
    mlir_tablegen(${name}Interfaces.h.inc -gen-op-interface-decls)
    mlir_tablegen(${name}Interfaces.cpp.inc -gen-op-interface-defs)
  endif()
  add_public_tablegen_target(Reckon${name}IncGen)
  reckon_add_compiler_library(Reckon${name}Dialect ${ARG_UNPARSED_ARGUMENTS}
    DEPENDS Reckon${name}IncGen LINK ${ARG_LINK})
endfunction()

# reckon_add_pass_library(Phase sources... PCH header LINK libs): passes/<phase>: Passes.td and the library
# Reckon<Phase>Passes.
function(reckon_add_pass_library phase)
  cmake_parse_arguments(ARG "" "PCH" "LINK" ${ARGN})
  if(NOT ARG_PCH)
    set(ARG_PCH reckon-pch-core)
  endif()
  include_directories(${PROJECT_SOURCE_DIR})
  include_directories(SYSTEM ${MLIR_INCLUDE_DIRS}) # where mlir-tblgen looks
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(PassDecls.h.inc -gen-pass-decls -name=Reckon${phase})
  mlir_tablegen(Passes.md -gen-pass-doc)
  # MLIR's own statistics count nothing in Debian's LLVM: lib/Support/Statistic.h says more.
  set(script ${PROJECT_SOURCE_DIR}/cmake/PassStatistics.cmake)
  add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/Passes.h.inc
    COMMAND ${CMAKE_COMMAND} -DIN=PassDecls.h.inc -DOUT=Passes.h.inc -P ${script}
    DEPENDS PassDecls.h.inc ${script} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  list(APPEND TABLEGEN_OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/Passes.h.inc)
  add_public_tablegen_target(Reckon${phase}PassesIncGen)
  reckon_add_compiler_library(Reckon${phase}Passes ${ARG_UNPARSED_ARGUMENTS} PCH ${ARG_PCH}
    DEPENDS Reckon${phase}PassesIncGen LINK ReckonRecDialect ReckonSupport ${ARG_LINK})
  # The generated declarations name reckon::Statistic.
  target_compile_options(Reckon${phase}Passes PRIVATE "SHELL:-include ${PROJECT_SOURCE_DIR}/lib/Support/Statistic.h")
endfunction()

# reckon_add_tool(name sources... LINK libs): a program. RECKON_PROGRAMS lists them all.
function(reckon_add_tool name)
  set_property(GLOBAL APPEND PROPERTY RECKON_PROGRAMS ${name})
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
endfunction()
