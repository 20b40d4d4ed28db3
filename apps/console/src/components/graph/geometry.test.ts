import { describe, expect, it } from 'vitest';
import { type Box, curveBetween, groupBox, placeLabels, pointAt } from './geometry.ts';

const box = (x: number, y: number): Box => ({ x, y, width: 100, height: 40 });

describe('curveBetween', () => {
  it('leaves right and arrives left where there is room', () => {
    const curve = curveBetween(box(0, 0), box(300, 80));
    expect(pointAt(curve, 0)).toEqual({ x: 50, y: 0 });
    expect(pointAt(curve, 1)).toEqual({ x: 248, y: 80 });
  });

  it('joins boxes above each other vertically', () => {
    const curve = curveBetween(box(0, 0), box(10, 200));
    expect(pointAt(curve, 0)).toEqual({ x: 0, y: 20 });
    expect(pointAt(curve, 1).y).toBeLessThan(180);
    expect(pointAt(curveBetween(box(0, 200), box(0, 0)), 0).y).toBe(180);
  });

  it('runs a call back around the right side', () => {
    const curve = curveBetween(box(300, 0), box(0, 0));
    expect(pointAt(curve, 0.4).x).toBeGreaterThan(300);
    expect(pointAt(curve, 1).x).toBeGreaterThan(50);
  });
});

describe('curveBetween around others', () => {
  const others = [box(300, 0), box(300, 90), box(500, -40)];
  const curve = curveBetween(box(0, 0), box(800, 0), others);

  it('touches nothing that stands between', () => {
    for (let t = 0; t <= 1; t += 0.01) {
      const { x, y } = pointAt(curve, t);
      expect(others.some((other) => Math.abs(x - other.x) < 50 && Math.abs(y - other.y) < 20)).toBe(false);
    }
  });

  it('goes straight where the way is free', () => {
    expect(curveBetween(box(0, 0), box(800, 0), [box(300, 200)])).toHaveLength(1);
  });
});

describe('placeLabels', () => {
  const curve = curveBetween(box(0, 0), box(400, 0));

  it('keeps labels apart and gives the important one the middle', () => {
    const beside = curveBetween(box(0, 15), box(400, 15));
    const requests = [
      { id: 'a', curve: beside, width: 60, height: 20, isImportant: false },
      { id: 'b', curve, width: 60, height: 20, isImportant: true },
    ];
    const places = placeLabels(requests, []);
    expect(places.get('b')).toEqual(pointAt(curve, 0.5));
    const [a, b] = [places.get('a'), places.get('b')];
    expect(Math.abs((a?.x ?? 0) - (b?.x ?? 0))).toBeGreaterThanOrEqual(60);
  });

  it('puts labels where their own curve is alone', () => {
    const targets = [-150, -60, 60, 150];
    const curves = targets.map((y) => curveBetween(box(0, 0), box(400, y)));
    const places = placeLabels(
      curves.map((each, index) => ({ id: `${index}`, curve: each, width: 60, height: 30, isImportant: false })),
      [],
    );
    for (const [index, each] of curves.entries()) {
      const place = places.get(`${index}`);
      const others = curves.filter((other) => other !== each);
      const under = others.flatMap((other) =>
        Array.from({ length: 25 }, (_, at) => pointAt(other, at / 24)).filter(
          ({ x, y }) => Math.abs(x - (place?.x ?? 0)) < 30 && Math.abs(y - (place?.y ?? 0)) < 15,
        ),
      );
      expect(under).toEqual([]);
    }
  });

  it('leaves room between the labels of calls that run close together', () => {
    const targets = [-60, -20, 20, 60];
    const size = { width: 110, height: 34 };
    const places = placeLabels(
      targets.map((y) => ({ id: `${y}`, curve: curveBetween(box(0, 0), box(420, y)), ...size, isImportant: false })),
      [],
    );
    const placed = [...places.values()];
    expect(placed).toHaveLength(targets.length);
    for (const [index, a] of placed.entries()) {
      for (const b of placed.slice(index + 1)) {
        expect(Math.abs(a.x - b.x) >= size.width + 3 || Math.abs(a.y - b.y) >= size.height + 3).toBe(true);
      }
    }
  });

  it('moves a label off a box that stands in its way', () => {
    const place = placeLabels(
      [{ id: 'a', curve, width: 40, height: 20, isImportant: false }],
      [{ x: 200, y: 0, width: 60, height: 40 }],
    );
    expect(Math.abs((place.get('a')?.x ?? 200) - 200)).toBeGreaterThanOrEqual(50);
  });
});

describe('groupBox', () => {
  it('holds all its members with room for the title', () => {
    expect(groupBox('g', [box(0, 0), box(200, 100)])).toEqual({
      id: 'g',
      left: -70,
      top: -60,
      width: 340,
      height: 200,
    });
    expect(groupBox('g', [])).toBeNull();
  });
});
