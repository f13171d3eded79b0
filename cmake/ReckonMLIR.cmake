# LLVM and MLIR 22, as Debian packages them: shared libraries, no exact version in the request.
find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "Reckon needs LLVM/MLIR 22, found ${LLVM_VERSION} in ${LLVM_DIR}")
endif()
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
set(LLVM_RUNTIME_OUTPUT_INTDIR ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set(LLVM_LIBRARY_OUTPUT_INTDIR ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})

# Compiler-side targets see these; the runtime and lib/Engine do not.
add_library(reckon-mlir INTERFACE)
target_include_directories(reckon-mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(reckon-mlir INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}
  ${PROJECT_BINARY_DIR})
target_compile_definitions(reckon-mlir INTERFACE ${LLVM_DEFINITIONS_LIST})
# Debian's LLVM is built without RTTI-dependent interfaces; ours follows.
target_compile_options(reckon-mlir INTERFACE -fno-rtti -fno-exceptions)
# Targets with the property RECKON_STATIC_LLVM have LLVM in them, for machines that have none: of each archive what they use.
file(GLOB reckonLLVMArchives ${LLVM_LIBRARY_DIR}/libMLIR*.a ${LLVM_LIBRARY_DIR}/libLLVM*.a)
target_link_libraries(reckon-mlir INTERFACE
  "$<IF:$<BOOL:$<TARGET_PROPERTY:RECKON_STATIC_LLVM>>,-Wl$<COMMA>--start-group;${reckonLLVMArchives};-Wl$<COMMA>--end-group;z;zstd;tinfo,MLIR;LLVM>")
