mod compiled;
mod depth;
mod refused;
