export { BufferAttribute, BufferGeometry, PerspectiveCamera, Points, Scene, ShaderMaterial, Vector3, WebGLRenderer } from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
