# Writes OUT, a .cpp that holds every *.toml of DIR/mappings as text. Run at build time:
#   cmake -DDIR=registry/import -DOUT=builtin_mappings.cpp -P embed.cmake
file(GLOB files RELATIVE ${DIR}/mappings ${DIR}/mappings/*.toml)
list(SORT files)
set(text "#include \"registry/import/builtin_mappings.h\"\n\nnamespace maillage::registry {\nnamespace {\n\n")
string(APPEND text "constexpr BuiltinMapping kMappings[] = {\n")
foreach(file IN LISTS files)
  file(READ ${DIR}/mappings/${file} content)
  cmake_path(GET file STEM name)
  string(APPEND text "{\"${name}\", R\"toml(${content})toml\"},\n")
endforeach()
string(APPEND text "};\n\n}  // namespace\n\nstd::span<const BuiltinMapping> builtin_mapping_texts() { return kMappings; }\n\n")
string(APPEND text "}  // namespace maillage::registry\n")
file(WRITE ${OUT} "${text}")
