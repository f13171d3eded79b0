# What `cmake --install` puts where. Component `runtime` is enough to run engines: the library, its headers and tools, no LLVM;
# `compiler` adds the compiler and its C interface.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(RELATIVE_PATH RECKON_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
set(reckonPackageDir ${CMAKE_INSTALL_LIBDIR}/cmake/Reckon)

# reckon_install(component LIBRARY target HEADERS headers... TOOLS targets...): one component, with its CMake targets and its
# pkg-config file reckon-<component>.pc.
function(reckon_install component)
  cmake_parse_arguments(ARG "" "LIBRARY;DESCRIPTION" "HEADERS;TOOLS" ${ARGN})
  set_target_properties(${ARG_LIBRARY} PROPERTIES EXPORT_NAME ${component})
  # Where LLVM is stays known.
  set_target_properties(${ARG_LIBRARY} ${ARG_TOOLS} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  # What must be built before it can be installed.
  add_custom_target(reckon-${component}-component DEPENDS ${ARG_LIBRARY} ${ARG_TOOLS})
  install(TARGETS ${ARG_LIBRARY} EXPORT Reckon-${component} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component})
  install(TARGETS ${ARG_TOOLS} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
  install(EXPORT Reckon-${component} NAMESPACE Reckon:: FILE Reckon-${component}.cmake
    DESTINATION ${reckonPackageDir} COMPONENT ${component})
  foreach(header ${ARG_HEADERS})
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${PROJECT_SOURCE_DIR}/include/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder} COMPONENT ${component})
  endforeach()
  set(RECKON_LIBRARY ${ARG_LIBRARY})
  set(RECKON_DESCRIPTION ${ARG_DESCRIPTION})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/reckon.pc.in ${PROJECT_BINARY_DIR}/${ARG_LIBRARY}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${ARG_LIBRARY}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
endfunction()

reckon_install(runtime LIBRARY reckon-runtime DESCRIPTION "Runs compiled recommenders"
  HEADERS reckon/Runtime/Runtime.h reckon/Runtime/Runtime.hpp
  TOOLS reckon-run reckon-bench reckon-diff reckon-inspect reckon-share reckon-sign reckon-tune reckon-update)
if(RECKON_BUILD_COMPILER)
  reckon_install(compiler LIBRARY reckon-compiler DESCRIPTION "Compiles recommenders from ONNX"
    HEADERS reckon/Compiler/CompilerC.h reckon/Network.h
    TOOLS reckon-compile)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ReckonConfig.cmake.in ${PROJECT_BINARY_DIR}/ReckonConfig.cmake
  INSTALL_DESTINATION ${reckonPackageDir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ReckonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ReckonConfig.cmake ${PROJECT_BINARY_DIR}/ReckonConfigVersion.cmake
  DESTINATION ${reckonPackageDir} COMPONENT runtime)
