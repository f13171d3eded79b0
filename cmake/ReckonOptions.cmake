# Flags every target shares.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Werror=return-type)

# After CMake's own -DNDEBUG. LLVM's classes have one layout with and without it (llvm/Config/abi-breaking.h).
if(RECKON_ASSERTIONS)
  add_compile_options(-UNDEBUG)
endif()

if(RECKON_SANITIZER)
  add_compile_options(-fsanitize=${RECKON_SANITIZER} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${RECKON_SANITIZER})
endif()

# lld links the tools in a second where ld takes ten.
find_program(RECKON_LLD NAMES ld.lld-22 ld.lld)
if(RECKON_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang") # g++ 12 knows no --ld-path
  add_link_options(--ld-path=${RECKON_LLD})
endif()

find_program(RECKON_CCACHE ccache)
if(RECKON_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache takes no file that uses a precompiled header.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${RECKON_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
